import { parseArguments } from './arguments.ts'
import { EXIT, type ExitCode } from './exit.ts'

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
  // At once: a name server that does not answer would keep the process for long, and while Node tidies up, a second
  // signal would kill it. All output is out, as writing is synchronous on POSIX.
  process.exit(code)
})
