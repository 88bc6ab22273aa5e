import { EXIT, type ExitCode } from 'ecl-command/exit'
import { runMain } from 'ecl-command/run-main'
import { parseArguments } from './arguments.ts'
import { asksForMunin } from './munin/asked.ts'

async function main(): Promise<ExitCode> {
  if (asksForMunin(process.argv)) return (await import('./munin/main.ts')).main()
  const parsed = parseArguments(process.argv)
  // Loaded only where needed: --help and a slip of the keyboard need neither Redis nor YAML.
  if (parsed.status === 'answered') return EXIT.done
  if (parsed.status === 'list') {
    const { runList } = await import('./list.ts')
    return runList(parsed.request)
  }
  if (parsed.status === 'audit') {
    const { runAudit } = await import('./audit/run-audit.ts')
    return runAudit(parsed.request)
  }
  if (parsed.status === 'read') {
    if (parsed.request.watch) {
      const { runWatch } = await import('./watch/run-watch.ts')
      return runWatch(parsed.request)
    }
    const { run } = await import('./run.ts')
    return run(parsed.request)
  }
  if (parsed.status === 'wrong' && !parsed.check) return EXIT.usage
  const { refuseCheck, runCheck } = await import('./check/run-check.ts')
  return parsed.status === 'wrong'
    ? refuseCheck(parsed.message)
    : runCheck(parsed.request, parsed.levels)
}

void runMain('ecl-reader', main)
