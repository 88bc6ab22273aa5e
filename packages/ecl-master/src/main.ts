import { parseArguments } from './arguments.ts'
import { EXIT, type ExitCode } from './exit.ts'

/** Time for what ends by itself. A name server that does not answer would keep the process for long. */
const ENDING_MS = 500

async function main(): Promise<ExitCode> {
  const parsed = parseArguments(process.argv)
  if (parsed.status === 'answered') return EXIT.done
  if (parsed.status === 'wrong') return EXIT.usage
  // Loaded only now: --help and a slip of the keyboard need neither Redis nor YAML.
  const { run } = await import('./run.ts')
  return run(parsed.request)
}

// `| head -1` has closed it, or the terminal is gone: nobody is left to tell.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

void main().then((code) => {
  process.exitCode = code
  setTimeout(() => process.exit(), ENDING_MS).unref()
})
