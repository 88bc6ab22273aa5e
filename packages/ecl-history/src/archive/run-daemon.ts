import { openLog } from 'ecl-command/log'
import { runService, type Service } from 'ecl-command/run-service'
import {
  asError,
  delay,
  type Logger,
  systemClock,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import { openHistory } from '../open-history.ts'
import { Archiver } from './archiver.ts'
import { Maintenance } from './maintenance.ts'
import { Perseverance, StoppedError } from './perseverance.ts'
import { setUp } from './set-up.ts'
import { statesOf, totalState } from './state-text.ts'

const REPORT_MS = 60_000
/** For a round of maintenance that is under way, and for closing: with an archiver's 8.5 s, it ends within 10 s. */
const LAST_MS = 1000

/**
 * Runs an archiver until SIGTERM or SIGINT. A store or a database that is not there is waited for, at start too.
 *
 * @throws ConfigError for a config that cannot be used at start; when it is read again, the old one stays in use
 */
export async function runDaemon(file: string, verbose: boolean): Promise<void> {
  const log = openLog('ecl-history', verbose)
  await runService({ file, log, start: (fail) => startArchiving(file, log, fail) })
}

/** Begins to archive by a config as it is now. @throws ConfigError */
async function startArchiving(
  file: string,
  log: Logger,
  fail: (error: unknown) => void,
): Promise<Service> {
  const { store, queue, windows, history: spec, warnings } = await setUp(file, log)
  for (const warning of warnings) log.warn({ file }, warning)
  const history = openHistory(spec.store, { logger: log })
  const archiver = new Archiver({ queue, windows, history, logger: log })
  const { retention } = spec
  const maintenance = new Maintenance({ history, retention, logger: log, clock: systemClock })
  maintenance.schedule(spec.maintenance)
  const names = windows.map(({ group, interval }) => `${group.name} ${interval.spec}`)
  log.info(
    { archiver: archiver.name, windows: names },
    `ecl-history archives ${names.length === 0 ? 'nothing' : names.join(', ')}`,
  )
  const stopping = new AbortController()
  const work = async () => {
    const shared = { clock: systemClock, logger: log, signal: stopping.signal }
    const database = new Perseverance({ what: 'the database', ...shared })
    await database.until(async () => {
      const { from, to } = await history.migrate()
      if (from !== to) log.info({ from, to }, `migrated the database from version ${from} to ${to}`)
    })
    archiver.start()
    maintenance.start()
    await report({ archiver, queue, windows, log, signal: stopping.signal })
  }
  const working = work().catch((caught: unknown) => {
    if (!(caught instanceof StoppedError)) fail(caught)
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all([archiver.stop(), within(LAST_MS, maintenance.stop())])
      const { archived, rejected } = archiver.tally
      log.info({ archived, rejected }, `archived ${archived}, rejected ${rejected} in all`)
      await within(LAST_MS, Promise.all([history.close(), store.close(), working]))
    },
  }
}

interface Reported {
  readonly archiver: Archiver
  readonly queue: WindowQueue
  readonly windows: readonly WindowRef[]
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Logs each minute how things are, until it is told to stop. */
async function report({ archiver, queue, windows, log, signal }: Reported): Promise<void> {
  for (;;) {
    await delay(systemClock, REPORT_MS, signal)
    if (signal.aborted) return
    try {
      // Which of them cannot be read, the archiver says.
      const { found } = await statesOf(queue, windows)
      const { archived, rejected, ...state } = totalState(found.map(([, one]) => one))
      const own = archiver.tally
      log.info(
        { ...state, archivedByAll: archived, rejectedByAll: rejected, ...own },
        `${state.waiting} waiting, ${state.lagSeconds} s behind; ${own.archived} archived by this one`,
      )
    } catch (caught) {
      log.debug({ err: caught }, `the state is not known: ${asError(caught).message}`)
    }
  }
}

/** What is stuck keeps no process from ending. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  await Promise.race([work.catch(() => undefined), delay(systemClock, limitMs, over.signal)])
  over.abort()
}
