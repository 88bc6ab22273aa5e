import { EXIT, type ExitCode } from 'ecl-command/exit'
import { runMain } from 'ecl-command/run-main'
import { parseArguments } from './arguments.ts'

async function main(): Promise<ExitCode> {
  const parsed = parseArguments(process.argv)
  if (parsed.status === 'answered') return EXIT.done
  if (parsed.status === 'wrong') return EXIT.usage
  // Loaded only now: --help and a slip of the keyboard need neither Redis nor YAML.
  const { run } = await import('./run.ts')
  return run(parsed.request)
}

void runMain('ecl-master', main)
