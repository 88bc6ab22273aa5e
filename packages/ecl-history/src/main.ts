import { EXIT, type ExitCode } from 'ecl-command/exit'
import { runMain } from 'ecl-command/run-main'
import { parseArguments, type Request } from './arguments.ts'

async function main(): Promise<ExitCode> {
  const parsed = parseArguments(process.argv, Date.now())
  if (parsed.status === 'answered') return EXIT.done
  if (parsed.status === 'wrong') return EXIT.usage
  return perform(parsed.request)
}

/** Loads what it takes only now: --help and a slip of the keyboard need neither a store nor a database. */
async function perform(request: Request): Promise<ExitCode> {
  switch (request.command) {
    case 'query':
      return (await import('./cli/run-query.ts')).runQuery(request)
    case 'archive':
      return (await import('./archive/run-archive.ts')).runArchive(request)
    case 'gaps':
      return (await import('./cli/run-gaps.ts')).runGaps(request)
    case 'verify':
      return (await import('./cli/run-verify.ts')).runVerify(request)
    case 'export':
      return (await import('./cli/run-export.ts')).runExport(request)
    case 'import':
      return (await import('./cli/run-import.ts')).runImport(request)
    case 'migrate':
    case 'prune':
      return (await import('./cli/run-upkeep.ts')).runUpkeep(request)
    case 'dead':
      break
  }
  return (await import('./cli/run-dead.ts')).runDead(request)
}

void runMain('ecl-history', main)
