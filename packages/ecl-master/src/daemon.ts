import { openLog } from 'ecl-command/log'
import { runService } from 'ecl-command/run-service'
import { type LoadedConfig, type Logger, loadConfig, resolveGroups } from 'ecl-core'
import { Master } from './master.ts'

/**
 * Runs a master until SIGTERM or SIGINT. A store that is not there is waited for, at start too.
 *
 * @throws ConfigError for a config that cannot be used at start; when it is read again, the old one stays in use
 */
export async function runDaemon(file: string, verbose: boolean): Promise<void> {
  const log = openLog('ecl-master', verbose)
  await runService({
    ...{ file, log },
    start: async () => startMaster(file, await loadConfig(file), log),
  })
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
