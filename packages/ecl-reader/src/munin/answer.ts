import { setTimeout as wait } from 'node:timers/promises'
import { tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import {
  asError,
  ConfigError,
  type CounterStore,
  type LoadedConfig,
  loadConfig,
  openStore,
  type Reading,
  resolveGroups,
  StoreError,
  silentLogger,
} from 'ecl-core'
import type { PastWindows } from '../apart/past-windows.ts'
import type { MuninRequest } from './arguments.ts'
import { fieldName } from './field-name.ts'
import { configText, type Graph, valuesText, wrongLevels } from './graph.ts'
import { SeenEvents } from './seen-events.ts'
import { suggestions, type Target, targetsOf } from './targets.ts'
import { eventsOf, everyValueOf, pastRange, UNKNOWN, unsettledMs, valuesOf } from './window.ts'

/**
 * Answers Munin's question on stdout.
 *
 * @returns the exit code; never rejects. A store that cannot be reached is no failure of the plugin: its values are not
 *   known, and munin-node would drop the whole answer of a plugin that fails.
 */
export async function answer(request: MuninRequest): Promise<ExitCode> {
  try {
    await writeOut(await (request.question === 'autoconf' ? usability(request) : textOf(request)))
    return EXIT.done
  } catch (caught) {
    const { message } = asError(caught)
    tell(caught instanceof ConfigError ? message : `${request.wanted.link}: ${message}`)
    return EXIT.atFault
  }
}

async function textOf(request: MuninRequest): Promise<string> {
  const config = await loadConfig(request.config)
  const groups = resolveGroups(config.groups)
  if (request.question === 'suggest')
    return suggestions(groups)
      .map((one) => `${one}\n`)
      .join('')
  for (const warning of config.warnings) tell(warning)
  for (const wrong of wrongLevels(request.settings)) tell(`${request.wanted.link}: ${wrong}`)
  const graphs = await graphsOf(request, config, targetsOf(groups, request.wanted))
  return graphs
    .map((graph) =>
      request.question === 'config' ? configText(graph, request.settings) : valuesText(graph),
    )
    .join('')
}

/** Whether the plugin can be used here, as `autoconf` has it. */
async function usability({ config: file, wanted }: MuninRequest): Promise<string> {
  try {
    const config = await loadConfig(file)
    await canRead(config, targetsOf(resolveGroups(config.groups), { ...wanted, link: '' }))
    return 'yes\n'
  } catch (caught) {
    return `no (${asError(caught).message.replace(/\s+/g, ' ')})\n`
  }
}

/** @throws StoreError where the store does not answer */
async function canRead({ backend }: LoadedConfig, [target]: readonly Target[]): Promise<void> {
  const store = openStore(backend, { logger: silentLogger, create: false })
  try {
    if (target !== undefined) store.checkGroups?.([target.group])
    if (target !== undefined) await store.read(target.group, target.interval, 'last')
  } finally {
    await store.close()
  }
}

async function graphsOf(
  request: MuninRequest,
  config: LoadedConfig,
  targets: readonly Target[],
): Promise<Graph[]> {
  const withValues = request.question === 'fetch' || request.dirtyConfig
  const readings = await readAll(request, config, targets, withValues)
  const past = withValues ? await readPastOf(request, config, targets) : new Map<Target, never>()
  const graphs: Graph[] = []
  for (const [i, target] of targets.entries()) {
    const reading = readings?.[i]
    const windows = past.get(target) ?? new Map()
    const events = await graphEvents(request, target, reading, windows)
    const latest = reading ? valuesOf(target, reading, events) : UNKNOWN
    graphs.push({
      service: targets.length === 1 ? undefined : serviceName(request.wanted.link, target),
      group: target.group.name,
      interval: target.interval,
      events,
      values: withValues ? everyValueOf(target, windows, events, latest) : undefined,
      everyWindow: config.history !== undefined,
    })
  }
  return graphs
}

/** What the history knows of windows that end between two questions; nothing where there is none, or it does not answer. */
async function readPastOf(
  { wanted }: MuninRequest,
  { history }: LoadedConfig,
  targets: readonly Target[],
): Promise<Map<Target, PastWindows>> {
  const questions = targets.flatMap((target) => {
    const range = pastRange(target, Date.now() / 1000)
    return range === undefined ? [] : [[target, range] as const]
  })
  if (history === undefined || questions.length === 0) return new Map()
  try {
    const { readPast } = await import('../apart/past-windows.ts')
    const answers = await readPast(history.store, questions)
    return new Map(questions.map(([target], i) => [target, answers[i] ?? new Map()]))
  } catch (caught) {
    tell(`${wanted.link}: the history: ${asError(caught).message}`)
    return new Map()
  }
}

/** One connection, on which all groups are read at once; undefined where the store does not answer. */
async function readAll(
  { wanted }: MuninRequest,
  { backend }: LoadedConfig,
  targets: readonly Target[],
  withValues: boolean,
): Promise<Reading[] | undefined> {
  // What a static group's config says is in the file.
  if (!withValues && !targets.some(({ group }) => group.dynamic)) return undefined
  const store = openStore(backend, { logger: silentLogger, create: false })
  try {
    store.checkGroups?.(targets.map(({ group }) => group))
    if (!withValues) return await readOnce(store, targets)
    await settle(targets, Date.now())
    const readings = await readOnce(store, targets)
    // This machine's clock is not the store's, whose windows these are.
    const storeTimeMs = readings[0]?.storeTimeMs ?? 0
    return (await settle(targets, storeTimeMs)) ? await readOnce(store, targets) : readings
  } catch (caught) {
    if (!(caught instanceof StoreError)) throw caught
    tell(`${wanted.link}: ${caught.message}`)
    return undefined
  } finally {
    await store.close()
  }
}

function readOnce(store: CounterStore, targets: readonly Target[]): Promise<Reading[]> {
  return Promise.all(targets.map(({ group, interval }) => store.read(group, interval, 'last')))
}

/** Waits until all windows have settled. @returns whether that took any time */
async function settle(targets: readonly Target[], atMs: number): Promise<boolean> {
  const longestMs = Math.max(...targets.map(({ interval }) => unsettledMs(atMs, interval)))
  if (longestMs > 0) await wait(longestMs)
  return longestMs > 0
}

async function graphEvents(
  { wanted, stateDirectory }: MuninRequest,
  target: Target,
  reading: Reading | undefined,
  past: PastWindows,
): Promise<string[]> {
  if (!target.group.dynamic) return eventsOf(target, [], undefined)
  if (stateDirectory === undefined) return eventsOf(target, [], reading, past)
  const state = new SeenEvents(stateDirectory, target)
  try {
    const events = eventsOf(target, await state.load(), reading, past)
    await state.save(events)
    return events
  } catch (caught) {
    tell(`${wanted.link}: events cannot be remembered: ${asError(caught).message}`)
    return eventsOf(target, [], reading, past)
  }
}

/** Names a graph among those of one plugin, by what it was asked for. */
function serviceName(link: string, { name }: Target): string {
  return `${link}${link.endsWith('_') ? '' : '_'}${fieldName(name)}`
}
