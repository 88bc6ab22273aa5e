import type { Redis } from 'ioredis'
import { asError, StoreError } from '../../errors.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { LookOptions, WindowRef, WindowState } from '../counter-store.ts'
import { publishFromMs } from '../publication.ts'
import { publishedKey, startKey, writtenByKey } from './keys.ts'
import { packTexts } from './packed-texts.ts'
import { describeProblem } from './redis-problem.ts'
import { parseLook, parseMarks, parsePublished, windowStarts } from './replies.ts'
import { runIdOf } from './run-id.ts'
import { runScript, type Script } from './script.ts'

/** What a look needs besides the connection. */
export interface LookContext {
  /** Put before keys by the client, but not before those within an argument. */
  readonly keyPrefix: string
  readonly lookScript: Script
}

/** What a look has seen. */
export interface Look {
  /** The server's clock, ms since the epoch. */
  readonly storeTimeMs: number
  /** In the order asked for. */
  readonly states: readonly WindowState[]
}

/**
 * Looks at the marks of windows, and at the server's clock. Where a group is refused, as the user may do nothing with its
 * keys, the others are looked at without it.
 *
 * @param windows one at least; in a cluster, all in one slot
 * @param sending called just before the script is sent, each time
 */
export async function lookAtWindows(
  redis: Redis,
  context: LookContext,
  windows: readonly WindowRef[],
  options: LookOptions,
  sending: () => void,
): Promise<Look> {
  const look = (refs: readonly WindowRef[]) => lookAt(redis, context, refs, options, sending)
  try {
    return await look(windows)
  } catch (caught) {
    const groups = new Set(windows.map(({ group }) => group))
    if (groups.size === 1 || !describeProblem(asError(caught)).refuses) throw caught
    const seen = await lookApart(groups, windows, look)
    if (seen === undefined) throw caught
    return seen
  }
}

/** @returns undefined where all groups are refused */
async function lookApart(
  groups: Iterable<GroupSpec>,
  windows: readonly WindowRef[],
  look: (refs: readonly WindowRef[]) => Promise<Look>,
): Promise<Look | undefined> {
  const states = new Map<WindowRef, WindowState | undefined>()
  let storeTimeMs: number | undefined
  for (const group of groups) {
    const refs = windows.filter((ref) => ref.group === group)
    try {
      const seen = await look(refs)
      storeTimeMs = seen.storeTimeMs
      for (const [n, ref] of refs.entries()) states.set(ref, seen.states[n])
    } catch (caught) {
      const failure = refusal(group, asError(caught))
      for (const ref of refs) states.set(ref, { current: undefined, foreign: false, failure })
    }
  }
  if (storeTimeMs === undefined) return undefined
  return { storeTimeMs, states: windows.flatMap((ref) => states.get(ref) ?? []) }
}

/** @throws cause where that is no refusal: the connection was lost, say */
function refusal({ name }: GroupSpec, cause: Error): StoreError {
  const { message, refuses } = describeProblem(cause)
  if (!refuses) throw cause
  return new StoreError('STORE_REFUSED', `group "${name}": ${message}`, { cause })
}

async function lookAt(
  redis: Redis,
  { keyPrefix, lookScript }: LookContext,
  windows: readonly WindowRef[],
  { publications = false }: LookOptions,
  sending: () => void,
): Promise<Look> {
  const keys = windows.map((ref) => markKeys(ref, publications))
  const names = packTexts(keys.flat().map((key) => keyPrefix + key))
  // The first of them names the slot.
  const routingKey = keys[0]?.[0] ?? ''
  const run = publications ? await runIdOf(redis) : ''
  const reply = await runScript(redis, lookScript, routingKey, [names], sending)
  const { storeTimeMs, marks } = parseLook(reply)
  const each = publications ? 4 : 2
  const states = windows.map((ref, n) =>
    stateOf(ref, marks.slice(n * each, (n + 1) * each), publications, run),
  )
  return { storeTimeMs, states }
}

function markKeys({ group, interval }: WindowRef, publications: boolean): string[] {
  return [
    ...[startKey(group, interval, 'cur'), writtenByKey(group, interval)],
    ...(publications ? [startKey(group, interval, 'last'), publishedKey(group, interval)] : []),
  ]
}

function stateOf(
  { interval }: WindowRef,
  marks: readonly unknown[],
  publications: boolean,
  run: string,
): WindowState {
  const { cur, last, foreign } = windowStarts(parseMarks(marks), interval)
  if (!publications) return { current: cur, foreign }
  const published = parsePublished(marks, run)
  const fromMs = publishFromMs({ current: cur, last, published }, interval)
  return { current: cur, foreign, ...(fromMs === undefined ? {} : { publishFromMs: fromMs }) }
}
