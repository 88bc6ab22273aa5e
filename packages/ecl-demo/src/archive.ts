import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { silentLogger } from 'ecl-core'
import { History, type HistoryStore, openHistory } from 'ecl-history'
import { type Counts, sumOf } from './tally.ts'

/** Where the history of the latest demo is found when it is over: in the clone, out of the way of git. */
const KEPT_IN = fileURLToPath(new URL('../../../.cache/demo', import.meta.url))
const CONFIG = 'demo.yml'
/** Of an archiver that had to be killed, some of it is in the file beside it. */
const KEPT = [CONFIG, 'history.db', 'history.db-wal']
const LOOK_MS = 100
const MOST_ATTEMPTS = 5

/** What has come into SQL, seen from the demo. */
export class Archive {
  readonly #store: HistoryStore
  readonly #interval: string
  #counts: ReadonlyMap<string, Counts> = new Map()

  /** @param store `sqlite:PATH` @param interval whose windows are looked at */
  constructor(store: string, interval: string) {
    this.#store = openHistory(store, { logger: silentLogger })
    this.#interval = interval
  }

  /** What is in SQL of a group, when it was last looked. */
  counts(group: string): Counts {
    return this.#counts.get(group) ?? new Map()
  }

  /**
   * Looks until as much is in SQL as was counted, or for so long; archivers need a moment, and a window to which counts
   * have come late is archived again.
   */
  async catchUp(
    counted: ReadonlyMap<string, Counts>,
    fromMs: number,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const deadlineMs = performance.now() + withinMs
    // The archivers may not have come so far.
    await this.#store.migrate()
    for (;;) {
      this.#counts = await this.#look([...counted.keys()], fromMs)
      const missing = [...counted].some(
        ([group, counts]) => sumOf(counts) > sumOf(this.counts(group)),
      )
      if (!missing || performance.now() > deadlineMs) return
      await sleep(LOOK_MS, undefined, { signal })
    }
  }

  async #look(groups: readonly string[], fromMs: number): Promise<Map<string, Counts>> {
    const history = new History(this.#store)
    const range = {
      from: fromMs / 1000,
      to: Date.now() / 1000,
    }
    const looked = groups.map(async (group) => {
      const { sums } = await history.sums({ group, interval: this.#interval, ...range })
      return [group, new Map(sums.map(([event, sum]) => [event, Number(sum)]))] as const
    })
    return new Map(await Promise.all(looked))
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

/**
 * Keeps config and history of a demo that is over, in the place of those of the one before.
 *
 * @param directory the demo's own, in which nobody works any more
 * @returns the config's new place
 */
export async function keepHistory(directory: string): Promise<string> {
  await mkdir(dirname(KEPT_IN), { recursive: true })
  const draft = await mkdtemp(`${KEPT_IN}-`)
  const files = (await readdir(directory)).filter((file) => KEPT.includes(file))
  for (const file of files) await copyFile(join(directory, file), join(draft, file))
  await replaceFolder(draft)
  return join(KEPT_IN, CONFIG)
}

/** Of two demos that end at once, the one that comes later stays. */
async function replaceFolder(draft: string): Promise<void> {
  try {
    for (let attempt = 1; ; attempt++) {
      await rm(KEPT_IN, { recursive: true, force: true })
      try {
        return await rename(draft, KEPT_IN)
      } catch (caught) {
        if (attempt === MOST_ATTEMPTS) throw caught
      }
    }
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
