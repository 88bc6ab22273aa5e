import {
  asError,
  ConfigError,
  type CounterStore,
  loadConfig,
  openStore,
  StoreError,
  silentLogger,
} from 'ecl-core'
import type { ReadRequest } from './arguments.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { FORMATS } from './formats/formats.ts'
import { masterNotice, unreadableNotice } from './notices.ts'
import { tell, writeOut } from './output.ts'
import { reportOf } from './report.ts'
import { select } from './select.ts'

const WHICH = { last: 'last', current: 'cur', both: 'both' } as const
/** Longer than setInterval can wait would mean at once. */
const FOREVER_MS = 2 ** 31 - 1

/**
 * Reads what was asked for and prints it.
 *
 * @returns the exit code; never rejects
 */
export async function run(request: ReadRequest): Promise<ExitCode> {
  // The store's socket and timers would let the process end while it waits for a reply.
  const alive = setInterval(() => undefined, FOREVER_MS)
  let store: CounterStore | undefined
  try {
    const config = await loadConfig(request.config)
    for (const warning of config.warnings) tell(warning)
    const { group, interval } = select(config.groups, request)
    // What a store logs is in the error, too, which ends this.
    store = openStore(config.backend, { logger: silentLogger })
    const reading = await store.read(group, interval, WHICH[request.which])
    const report = reportOf(request, interval, reading)
    await writeOut(FORMATS[request.format](report, { terminal: process.stdout.isTTY }))
    for (const notice of [masterNotice, unreadableNotice]) tell(notice(report))
    return report.unreadable.length === 0 ? EXIT.done : EXIT.atFault
  } catch (caught) {
    const { message } = asError(caught)
    // A fault of the config opens with the file's name and line.
    tell(caught instanceof ConfigError ? message : `ecl-reader: ${message}`)
    return caught instanceof StoreError ? EXIT.unreachable : EXIT.atFault
  } finally {
    clearInterval(alive)
    await store?.close()
  }
}
