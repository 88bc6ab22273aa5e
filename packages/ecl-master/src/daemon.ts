import { openLog } from 'ecl-command/log'
import {
  asError,
  ConfigError,
  type LoadedConfig,
  type Logger,
  loadConfig,
  resolveGroups,
} from 'ecl-core'
import { Master } from './master.ts'

/**
 * Runs a master until SIGTERM or SIGINT. A store that is not there is waited for, at start too.
 *
 * @throws ConfigError for a config that cannot be used at start; when it is read again, the old one stays in use
 */
export async function runDaemon(file: string, verbose: boolean): Promise<void> {
  // Listened for from the first moment to the last: a signal without a listener kills.
  let reload = () => {}
  process.on('SIGHUP', () => reload())
  const ended = new Promise<string>((resolve) => {
    // Not "once": Ctrl-C under npx comes twice, and the second must not interrupt the ending.
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
  })
  const config = await loadConfig(file)
  const log = openLog('ecl-master', verbose)
  let master = startMaster(file, config, log)
  let ending = false
  const readAgain = async () => {
    try {
      const again = await loadConfig(file)
      if (ending) return
      // The new one first: two masters do not disturb each other, and no boundary is missed.
      const before = master
      master = startMaster(file, again, log)
      await before.stop()
    } catch (caught) {
      const problems = caught instanceof ConfigError ? caught.problems : [asError(caught).message]
      log.error({ file, problems }, `the config stays as it was: ${problems.join('; ')}`)
    }
  }
  let reloaded = Promise.resolve()
  reload = () => {
    if (ending) return
    log.info({ file }, 'reading the config again')
    // One after the other, so that the file's latest state wins.
    reloaded = reloaded.then(readAgain)
  }
  const signal = await ended
  ending = true
  log.info({ signal }, 'ending')
  await master.stop()
}

/** @throws ConfigError, as for a certificate that is not there */
function startMaster(
  file: string,
  { groups, backend, history, warnings }: LoadedConfig,
  log: Logger,
): Master {
  for (const warning of warnings) log.warn({ file }, warning)
  const master = new Master(groups, backend, { logger: log, history })
  master.start()
  const windows = resolveGroups(groups).flatMap((group) =>
    group.intervals.map((interval) => `${group.name} ${interval.spec}`),
  )
  log.info(
    { windows },
    `ecl-master rotates ${windows.length === 0 ? 'nothing' : windows.join(', ')}`,
  )
  return master
}
