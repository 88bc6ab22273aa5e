import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadConfig } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { Children } from './children.ts'
import { DemoError } from './errors.ts'
import { countLog } from './log-file.ts'
import { Observer } from './observer.ts'
import type { Options } from './options.ts'
import { clockTime } from './render.ts'
import { printIntro, reportBalance } from './report.ts'
import { configYaml, liveScenario, replayScenario, type Scenario } from './scenario.ts'
import type { Screen } from './screen.ts'
import { Services } from './services.ts'
import { Watch } from './watch.ts'

const MASTERS = 2
const MASTER_BIN = fileURLToPath(new URL('../../ecl-master/bin/ecl-master.cjs', import.meta.url))
/** The last events happen a little before the last window's end, so that no window more has to be waited for. */
const END_MARGIN_MS = 150
/** From the start of the masters to their first windows. */
const FIRST_WINDOW_MS = 15_000

/**
 * Runs the demo, and ends everything that it has started, whatever happens.
 *
 * @param stop ends the demo early, with the reason as the error
 * @returns whether ECL has counted what was logged
 * @throws DemoError, or the reason for stopping
 */
export async function runDemo(
  options: Options,
  screen: Screen,
  stop: AbortController,
): Promise<boolean> {
  const stage = new Stage(stop)
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error))
  })
  try {
    return await Promise.race([perform(options, screen, stage, stop.signal), stopped])
  } finally {
    screen.clear()
    await stage.clear()
  }
}

/** Everything that has to be ended and removed. */
class Stage {
  readonly children: Children
  readonly #stop: AbortController
  #redis: Promise<PrivateRedis> | undefined
  #observer: Observer | undefined

  constructor(stop: AbortController) {
    this.#stop = stop
    this.children = new Children((error) => stop.abort(error))
  }

  startRedis(): Promise<PrivateRedis> {
    this.#redis = PrivateRedis.start().catch((error: unknown) => {
      throw new DemoError(`Redis: ${error instanceof Error ? error.message : String(error)}`)
    })
    return this.#redis
  }

  observe(config: ConstructorParameters<typeof Observer>[0]): Observer {
    this.#observer = new Observer(config)
    return this.#observer
  }

  async clear(): Promise<void> {
    // Whatever still waits for a time or a process gives up.
    this.#stop.abort()
    await this.#observer?.close()
    await this.children.endAll()
    const redis = await this.#redis?.catch(() => undefined)
    await redis?.close()
  }
}

async function perform(
  options: Options,
  screen: Screen,
  stage: Stage,
  signal: AbortSignal,
): Promise<boolean> {
  const scenario = await chooseScenario(options)
  screen.status('A private Redis is being started …')
  const redis = await stage.startRedis()
  const file = join(redis.directory, 'demo.yml')
  await writeFile(file, configYaml(scenario, redis.socket))
  const config = await loadConfig(file)
  signal.throwIfAborted()
  for (let n = 1; n <= MASTERS; n++) stage.children.start(`ecl-master ${n}`, MASTER_BIN, [file])
  const services = new Services(stage.children, scenario.services)
  const observer = stage.observe(config)
  printIntro(screen, scenario, options, { config: file, socket: redis.socket, masters: MASTERS })
  await firstWindows(observer, screen, signal)

  const windowMs = options.window * 1000
  const startAtMs = Math.ceil((Date.now() + 300) / windowMs) * windowMs
  const endAtMs = startAtMs + options.seconds * 1000 - END_MARGIN_MS
  const watch = new Watch(
    { ...options, scenario, services, observer, screen, signal, config: file },
    stage.children,
  )
  screen.print(`Logging begins with the next full window, at ${clockTime(startAtMs / 1000)}.\n`)
  await Promise.all([
    services.work({ config: file, startAtMs, endAtMs }),
    watch.untilAllIsOver(startAtMs / 1000).then(() => observer.finish()),
    observer.keepBooks(signal),
  ])
  screen.clear()
  return reportBalance(screen, scenario, options, {
    logged: services.tally,
    fromMs: startAtMs,
    doneMs: services.doneMs ?? Date.now(),
    printed: watch.printed,
    observer,
  })
}

async function chooseScenario(options: Options): Promise<Scenario> {
  const { input } = options
  if (input === undefined) return liveScenario(options)
  return replayScenario(input, options, await countLog(input))
}

/** Waits until a master has begun the first windows: from then on each boundary turns one over. */
async function firstWindows(
  observer: Observer,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = performance.now() + FIRST_WINDOW_MS
  while (!(await observer.hasBegun())) {
    screen.status('The masters are starting …')
    if (performance.now() > deadlineMs) {
      throw new DemoError(`no master has begun a window within ${FIRST_WINDOW_MS / 1000} s`)
    }
    await sleep(50, undefined, { signal })
  }
}
