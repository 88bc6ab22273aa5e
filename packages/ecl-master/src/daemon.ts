import {
  asError,
  type LoadedConfig,
  type Logger,
  loadConfig,
  openStore,
  resolveGroups,
} from 'ecl-core'
import { openLog } from './logging.ts'
import { Master } from './master.ts'

/** Longest delay of setInterval. */
const FOREVER_MS = 2 ** 31 - 1

/**
 * Runs a master until SIGTERM or SIGINT. A store that is not there is waited for, at start too.
 *
 * @throws ConfigError for a config that cannot be used at start; when it is read again, the old one stays in use
 */
export async function runDaemon(file: string, verbose: boolean): Promise<void> {
  const config = await loadConfig(file)
  const log = openLog(verbose)
  let master = startMaster(file, config, log)
  const reload = () => {
    log.info({ file }, 'reading the config again')
    loadConfig(file).then(
      (again) => {
        // The new one first: two masters do not disturb each other, and no boundary is missed.
        const before = master
        master = startMaster(file, again, log)
        void before.stop()
      },
      (caught: unknown) =>
        log.error({ file }, `the config stays as it was: ${asError(caught).message}`),
    )
  }
  const keepAlive = setInterval(() => undefined, FOREVER_MS)
  process.on('SIGHUP', reload)
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  process.off('SIGHUP', reload)
  log.info({ signal }, 'ending')
  await master.stop()
  clearInterval(keepAlive)
}

function startMaster(
  file: string,
  { groups, backend, warnings }: LoadedConfig,
  log: Logger,
): Master {
  for (const warning of warnings) log.warn({ file }, warning)
  const master = new Master(groups, backend, { logger: log })
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

/** Rotates what is due. @throws ConfigError, StoreError */
export async function runOnce(file: string, verbose: boolean): Promise<void> {
  const { groups, backend, warnings } = await loadConfig(file)
  const log = openLog(verbose)
  for (const warning of warnings) log.warn({ file }, warning)
  const master = new Master(groups, backend, { logger: log })
  try {
    await master.runOnce()
  } finally {
    await master.stop()
  }
}

/** Tries config and connection, and says on stderr what is doubtful. @throws ConfigError, StoreError */
export async function check(file: string): Promise<void> {
  const { groups, backend, warnings } = await loadConfig(file)
  const specs = resolveGroups(groups)
  const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
  const store = openStore(backend, { logger: quiet })
  try {
    const doubts = [...warnings, ...(await store.warnings())]
    await store.windows(
      specs.flatMap((group) => group.intervals.map((interval) => ({ group, interval }))),
    )
    for (const doubt of doubts) process.stderr.write(`warning: ${doubt}\n`)
    process.stdout.write(`${file}: ${specs.length} groups; the connection works\n`)
  } finally {
    await store.close()
  }
}
