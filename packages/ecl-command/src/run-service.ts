import { asError, ConfigError, type Logger } from 'ecl-core'

/** What runs by a config until it is stopped. */
export interface Service {
  stop(): Promise<void>
}

/** What it takes to run a daemon. */
export interface ServiceOptions {
  /** The config's name, for messages. */
  readonly file: string
  readonly log: Logger
  /**
   * Reads the config and begins.
   *
   * @param fail ends the daemon with an error, later on
   * @throws ConfigError for a config that cannot be used
   */
  readonly start: (fail: (error: unknown) => void) => Promise<Service>
}

/**
 * Runs a daemon until SIGTERM or SIGINT. SIGHUP reads the config again; where that has faults, they are logged, and the old
 * one stays in use.
 *
 * @throws ConfigError for a config that cannot be used at the start, and what the service has failed with
 */
export async function runService({ file, log, start }: ServiceOptions): Promise<void> {
  // Listened for from the first moment to the last: a signal without a listener kills.
  let reload = () => {}
  process.on('SIGHUP', () => reload())
  let fail = (_error: unknown) => {}
  const ended = new Promise<string>((resolve, reject) => {
    // Not "once": Ctrl-C under npx comes twice, and the second must not interrupt the ending.
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
    fail = reject
  })
  let service = await start(fail)
  let ending = false
  const readAgain = async () => {
    try {
      const again = await start(fail)
      // The new one first: two do not disturb each other, and nothing is missed.
      const before = service
      if (!ending) service = again
      await (ending ? again : before).stop()
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
  try {
    const signal = await ended
    log.info({ signal }, 'ending')
  } finally {
    ending = true
    await Promise.all([service.stop(), reloaded])
  }
}
