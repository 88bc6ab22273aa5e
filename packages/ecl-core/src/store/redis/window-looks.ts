import type { Redis } from 'ioredis'
import type { LookOptions, WindowRef, WindowState } from '../counter-store.ts'
import { publishFromMs } from '../publication.ts'
import { publishedKey, startKey, writtenByKey } from './keys.ts'
import { packTexts } from './packed-texts.ts'
import { parseLook, parseMarks, parsePublished, windowStarts } from './replies.ts'
import { runScript, type Script } from './script.ts'

/** What a look needs besides the connection. */
export interface LookContext {
  /** Put before keys by the client, but not before those within an argument. */
  readonly keyPrefix: string
  readonly lookScript: Script
  /** In a cluster, a script's keys have to be in one slot, as those of one group are. */
  readonly inCluster: boolean
}

/** What a look has seen. */
export interface Look {
  /** The server's clock, ms since the epoch. */
  readonly storeTimeMs: number
  /** In the order asked for. */
  readonly states: readonly WindowState[]
}

/**
 * Looks at the marks of windows, and at the server's clock.
 *
 * @param windows one at least
 */
export async function lookAtWindows(
  redis: Redis,
  context: LookContext,
  windows: readonly WindowRef[],
  { publications = false }: LookOptions = {},
): Promise<Look> {
  const parts = context.inCluster ? byGroup(windows) : [windows]
  const states = new Map<WindowRef, WindowState>()
  const [storeTimeMs = Number.NaN] = await Promise.all(
    parts.map(async (refs) => {
      const { marks, storeTimeMs } = await marksOf(redis, context, refs, publications)
      const each = marks.length / refs.length
      for (const [n, ref] of refs.entries()) {
        states.set(ref, stateOf(ref, marks.slice(n * each, (n + 1) * each), publications))
      }
      return storeTimeMs
    }),
  )
  return { storeTimeMs, states: windows.flatMap((ref) => states.get(ref) ?? []) }
}

async function marksOf(
  redis: Redis,
  { keyPrefix, lookScript }: LookContext,
  refs: readonly WindowRef[],
  publications: boolean,
) {
  const keys = refs.flatMap((ref) => markKeys(ref, publications))
  const names = packTexts(keys.map((key) => keyPrefix + key))
  // The first of them names the slot.
  return parseLook(await runScript(redis, lookScript, keys[0] ?? '', [names]))
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
): WindowState {
  const { cur, last, foreign } = windowStarts(parseMarks(marks), interval)
  if (!publications) return { current: cur, foreign }
  const fromMs = publishFromMs({ current: cur, last, published: parsePublished(marks) }, interval)
  return { current: cur, foreign, ...(fromMs === undefined ? {} : { publishFromMs: fromMs }) }
}

function byGroup(windows: readonly WindowRef[]): WindowRef[][] {
  const groups = new Map<string, WindowRef[]>()
  for (const ref of windows) {
    const refs = groups.get(ref.group.name)
    if (refs === undefined) groups.set(ref.group.name, [ref])
    else refs.push(ref)
  }
  return [...groups.values()]
}
