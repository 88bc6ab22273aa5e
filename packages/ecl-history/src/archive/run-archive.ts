import { tellFault, tellFaults, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { openLog } from 'ecl-command/log'
import { silentLogger, systemClock } from 'ecl-core'
import { openHistory } from '../open-history.ts'
import { Archiver } from './archiver.ts'
import { Maintenance } from './maintenance.ts'
import { runDaemon } from './run-daemon.ts'
import { setUp } from './set-up.ts'
import { stateLines, statesOf } from './state-text.ts'

/** What is asked for. */
export interface ArchiveRequest {
  readonly config: string
  readonly mode: 'daemon' | 'once' | 'status'
  readonly verbose: boolean
}

/**
 * Archives closed windows, or tells the state of that.
 *
 * @returns the exit code; never rejects
 */
export async function runArchive({ config, mode, verbose }: ArchiveRequest): Promise<ExitCode> {
  try {
    if (mode === 'status') return await tellState(config)
    await (mode === 'once' ? archiveOnce(config, verbose) : runDaemon(config, verbose))
    return EXIT.done
  } catch (caught) {
    return tellFault('ecl-history', caught)
  }
}

/** Archives and maintains what is there. @throws ConfigError, StoreError */
async function archiveOnce(file: string, verbose: boolean): Promise<void> {
  const log = openLog('ecl-history', verbose)
  // What a store logs is in the error, too, which ends this.
  const { store, queue, windows, history: spec, warnings } = await setUp(file, silentLogger)
  for (const warning of warnings) log.warn({ file }, warning)
  try {
    const history = openHistory(spec.store, { logger: log })
    try {
      await history.migrate()
      const archiver = new Archiver({ queue, windows, history, logger: log, patient: false })
      await archiver.drain()
      const { retention } = spec
      await new Maintenance({ history, retention, logger: log, clock: systemClock }).run()
      log.info({ ...archiver.tally }, 'archived what was there')
    } finally {
      await history.close()
    }
  } finally {
    await store.close()
  }
}

/** Prints the state of each queue that can be read. @throws ConfigError, StoreError where none can */
async function tellState(file: string): Promise<ExitCode> {
  const { store, queue, windows } = await setUp(file, silentLogger, { create: false })
  try {
    const { found, faults } = await statesOf(queue, windows)
    const lines = found.flatMap(([ref, state]) => stateLines(ref, state))
    await writeOut(lines.map((line) => `${line}\n`).join(''))
    return faults.length === 0 ? EXIT.done : tellFaults('ecl-history', faults, 'series')
  } finally {
    await store.close()
  }
}
