import { EXIT, type ExitCode } from 'ecl-command/exit'
import { parseMuninArguments } from './arguments.ts'

/** The reader as a plugin of Munin. */
export async function main(): Promise<ExitCode> {
  const parsed = parseMuninArguments(process.argv, process.env)
  if (parsed.status === 'answered') return EXIT.done
  if (parsed.status === 'wrong') return EXIT.usage
  const { answer } = await import('./answer.ts')
  return answer(parsed.request)
}
