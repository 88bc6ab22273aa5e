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
process.stderr.on('error', () => undefined)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exitCode ||= EXIT.atFault
})

void main().then((code) => {
  process.exitCode = code === EXIT.done ? (process.exitCode ?? code) : code
})
