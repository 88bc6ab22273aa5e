import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type LoadedConfig, loadConfig } from 'ecl-core'
import { Archive, keepHistory } from './archive.ts'
import { Children } from './children.ts'
import { DemoError } from './errors.ts'
import { type Ground, prepareGround } from './ground.ts'
import { countLog } from './log-file.ts'
import { Observer } from './observer.ts'
import type { Options } from './options.ts'
import { clockTime } from './render.ts'
import { printIntro, printKept, reportBalance } from './report.ts'
import { configYaml, liveScenario, replayScenario, type Scenario } from './scenario.ts'
import type { Screen } from './screen.ts'
import { Services } from './services.ts'
import { Watch } from './watch.ts'

const MASTERS = 2
const MASTER_BIN = fileURLToPath(new URL('../../ecl-master/bin/ecl-master.cjs', import.meta.url))
const HISTORY_BIN = fileURLToPath(new URL('../../ecl-history/bin/ecl-history.cjs', import.meta.url))
/** How long archivers may need, and a master to publish counts that came late once more. */
const ARCHIVING_MS = 10_000
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
    const balanced = await Promise.race([perform(options, screen, stage, stop.signal), stopped])
    stage.isOver = true
    return balanced
  } finally {
    screen.clear()
    const kept = await stage.clear()
    if (kept !== undefined) printKept(screen, stage.shown, options, kept)
  }
}

/** Everything that has to be ended and removed. */
class Stage {
  readonly children: Children
  /** Whether the demo has come to its end, so that there is a history to be kept. */
  isOver = false
  /** The group that is shown. */
  shown = ''
  readonly #stop: AbortController
  #ground: Promise<Ground> | undefined
  #groups: readonly string[] = []
  #observer: Observer | undefined
  #archive: Archive | undefined

  constructor(stop: AbortController) {
    this.#stop = stop
    this.children = new Children((error) => stop.abort(error))
  }

  prepare(options: Options, scenario: Scenario): Promise<Ground> {
    this.#groups = Object.keys(scenario.groups)
    this.shown = scenario.shown
    this.#ground = prepareGround(options)
    return this.#ground
  }

  observe(config: ConstructorParameters<typeof Observer>[0]): Observer {
    this.#observer = new Observer(config)
    return this.#observer
  }

  archive({ history }: LoadedConfig, { window }: Options): Archive {
    if (history === undefined) throw new Error('bug: no history')
    this.#archive = new Archive(history.store, `${window}s`)
    return this.#archive
  }

  /** @returns where the history is kept; undefined for nowhere */
  async clear(): Promise<string | undefined> {
    // Whatever still waits for a time or a process gives up.
    this.#stop.abort()
    await this.#observer?.close()
    await this.#archive?.close()
    await this.children.endAll()
    const ground = await this.#ground?.catch(() => undefined)
    // Whoever had it open has closed it, so all of it is in the one file.
    const kept = this.isOver && ground ? await keepHistory(ground.directory) : undefined
    await ground?.remove(this.#groups)
    return kept
  }
}

async function perform(
  options: Options,
  screen: Screen,
  stage: Stage,
  signal: AbortSignal,
): Promise<boolean> {
  const scenario = await chooseScenario(options)
  if (options.redis !== undefined) screen.status('Redis is being looked for …')
  const ground = await stage.prepare(options, scenario)
  const file = join(ground.directory, 'demo.yml')
  await writeFile(file, configYaml(scenario, ground.backend))
  const config = await loadConfig(file)
  signal.throwIfAborted()
  for (let n = 1; n <= MASTERS; n++) stage.children.start(`ecl-master ${n}`, MASTER_BIN, [file])
  stage.children.start('ecl-history archive', HISTORY_BIN, [file, 'archive'])
  const services = new Services(stage.children, scenario.services)
  const observer = stage.observe(config)
  printIntro(screen, scenario, options, { config: file, counts: ground.about, masters: MASTERS })
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
  const archive = stage.archive(config, options)
  const counted = Object.keys(scenario.groups).map((name) => {
    return [name, observer.ledger(name, `${options.window}s`).totals] as const
  })
  screen.status('The last windows are being archived …')
  await archive.catchUp(new Map(counted), startAtMs, ARCHIVING_MS + windowMs, signal)
  screen.clear()
  const balanced = reportBalance(screen, scenario, options, {
    logged: services.tally,
    fromMs: startAtMs,
    doneMs: services.doneMs ?? Date.now(),
    printed: watch.printed,
    observer,
    archive,
  })
  await printHistory(screen, scenario, options, { config: file, children: stage.children })
  return balanced
}

/** Prints what ecl-history says of the windows. */
async function printHistory(
  screen: Screen,
  { shown }: Scenario,
  { window }: Options,
  { config, children }: { readonly config: string; readonly children: Children },
): Promise<void> {
  const args = [config, '-g', shown, '-i', `${window}s`, '--format', 'table']
  const { code, stdout, stderr } = await children.run(HISTORY_BIN, args)
  if (code !== 0) throw new DemoError(`ecl-history ended with exit code ${code}: ${stderr.trim()}`)
  screen.print(`\n${screen.paint.bold('The history, as ecl-history tells it:')}\n${stdout}`)
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
