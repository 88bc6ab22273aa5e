import type { Redis } from 'ioredis'
import { clientLifeSeconds } from '../../client-life.ts'
import type { Clock } from '../../clock.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { Adopted, WindowRef } from '../counter-store.ts'
import {
  type ForeignMark,
  FROM_THE_START,
  mayHaveForeignEvents,
  parseForeignMark,
  scanForEvents,
} from './foreign-events.ts'
import { foreignKey, indexKey, type Part, startKey } from './keys.ts'
import { packTexts } from './packed-texts.ts'
import { results } from './read-step.ts'
import { runScript, type Script } from './script.ts'

/** Where none were found the last time, a boundary is worth so many steps: some milliseconds of the server's time. */
const QUIET_STEPS = 2
/** So long a rotation waits for a search, at most, and a quarter of the interval. */
const LONGEST_WAIT_MS = 1000
const CHUNK = 1000

/** What a search needs besides the connection. */
export interface ForeignSearchOptions {
  readonly keyPrefix: string
  readonly clock: Clock
  /** The server's clock, whole seconds. */
  readonly now: (redis: Redis) => Promise<number>
  readonly adoptScript: Script
  readonly foundNoneScript: Script
}

/** One look at all keys of the database. */
interface Pass {
  readonly redis: Redis
  /** What it is a search for, to be held against what the next call asks for. */
  readonly names: string
  /** What the marks were when it began: group → text. */
  readonly marks: ReadonlyMap<GroupSpec, string>
  readonly found: Set<string>
  cursor: string
}

/**
 * A master's search for events of programs that know of no index. It goes on from boundary to boundary: a database with
 * millions of keys is looked at in slices, and no rotation waits for all of it.
 */
export class ForeignSearch {
  readonly #options: ForeignSearchOptions
  #pass: Pass | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ForeignSearchOptions) {
    this.#options = options
  }

  /**
   * Searches on, and enters what is found into the index.
   *
   * @param windows all that may have such events
   * @param due those that are about to be turned over: all their events are searched for, as far as there is time, where
   * there may be some
   */
  adopt(redis: Redis, windows: readonly WindowRef[], due: readonly WindowRef[]): Promise<Adopted> {
    // One at a time: they share the cursor.
    const done = this.#turn.then(() => this.#adopt(redis, windows, due))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #adopt(
    redis: Redis,
    all: readonly WindowRef[],
    due: readonly WindowRef[],
  ): Promise<Adopted> {
    const windows = all.filter(({ group }) => mayHaveForeignEvents(group))
    const groups = new Set<string>()
    if (windows.length === 0) return { groups: [], isPartial: false }
    const { clock } = this.#options
    const marks = await readMarks(redis, windows)
    const isThorough = due.some(
      ({ group }) => mayHaveForeignEvents(group) && mayHaveSome(group, marks),
    )
    const untilMs = clock.monotonicMs() + waitMs(due)
    const names = windows.map(({ group, interval }) => `${group.name}:${interval.spec}`).join(' ')
    // A cursor means nothing to another server.
    if (this.#pass?.redis !== redis || this.#pass.names !== names) this.#pass = undefined
    let isWhole = false
    for (let steps = 0; isThorough || steps < QUIET_STEPS; steps++) {
      if (steps > 0 && clock.monotonicMs() >= untilMs) break
      if (this.#pass === undefined) {
        this.#pass = { redis, names, marks, found: new Set(), cursor: FROM_THE_START }
        isWhole = true
      }
      await this.#step(this.#pass, windows, groups)
      if (this.#pass.cursor !== FROM_THE_START) continue
      await this.#end(this.#pass)
      this.#pass = undefined
      // All keys have been looked at since this boundary.
      if (isWhole) return { groups: [...groups], isPartial: false }
    }
    return { groups: [...groups], isPartial: isThorough }
  }

  async #step(pass: Pass, windows: readonly WindowRef[], groups: Set<string>): Promise<void> {
    const { redis } = pass
    const { found, cursor } = await scanForEvents(
      redis,
      this.#options.keyPrefix,
      windows,
      pass.cursor,
    )
    for (const ref of windows) {
      // Those of last, too: the original's master leaves no index of them, and they would stay there for ever.
      for (const part of ['cur', 'last'] as const) {
        const declared = new Set(ref.group.events)
        const events = found
          .filter((key) => key.group === ref.group.name && key.interval === ref.interval.spec)
          .filter((key) => key.part === part && !declared.has(key.event))
          .map(({ event }) => event)
        for (let first = 0; first < events.length; first += CHUNK) {
          if (await this.#adoptSome(redis, ref, part, events.slice(first, first + CHUNK))) {
            groups.add(ref.group.name)
            pass.found.add(ref.group.name)
          }
        }
      }
    }
    pass.cursor = cursor
  }

  /** @returns whether some of them were in no index */
  async #adoptSome(
    redis: Redis,
    { group, interval }: WindowRef,
    part: Part,
    events: readonly string[],
  ): Promise<boolean> {
    // Mostly all of them are, and a script takes longer.
    const [listed] = await results(
      redis.pipeline().call('SMISMEMBER', indexKey(group, interval, part), ...events),
    )
    const unlisted = Array.isArray(listed) ? events.filter((_, e) => listed[e] !== 1) : events
    if (unlisted.length === 0) return false
    const key = startKey(group, interval, 'cur')
    const args = [part, packTexts(unlisted)]
    return Number(await runScript(redis, this.#options.adoptScript, key, args)) > 0
  }

  /** All keys have been looked at: marks the groups in which nothing was found, and was not for long. */
  async #end({ redis, marks, found }: Pass): Promise<void> {
    let now: number | undefined
    for (const [group, text] of marks) {
      if (found.has(group.name) || text === 'none') continue
      const mark = parseForeignMark(text)
      if (typeof mark === 'object') {
        now ??= await this.#options.now(redis)
        if (now - mark.foundAt <= clientLifeSeconds(group)) continue
      }
      await runScript(redis, this.#options.foundNoneScript, foreignKey(group), [text])
    }
  }
}

/** Each by itself: in a cluster, they are in different slots. */
async function readMarks(
  redis: Redis,
  windows: readonly WindowRef[],
): Promise<Map<GroupSpec, string>> {
  const groups = [...new Set(windows.map(({ group }) => group))]
  const pipeline = redis.pipeline()
  for (const group of groups) pipeline.mget(foreignKey(group))
  const replies = await results(pipeline)
  return new Map(
    groups.map((group, g) => {
      const reply = replies[g]
      const [text]: unknown[] = Array.isArray(reply) ? reply : []
      return [group, typeof text === 'string' ? text : '']
    }),
  )
}

function mayHaveSome(group: GroupSpec, marks: ReadonlyMap<GroupSpec, string>): boolean {
  const mark: ForeignMark = parseForeignMark(marks.get(group))
  return group.pythonWriters === true || mark !== 'none'
}

function waitMs(due: readonly WindowRef[]): number {
  const shortest = Math.min(...due.map(({ interval }) => interval.seconds))
  return Math.min(LONGEST_WAIT_MS, shortest * 250)
}
