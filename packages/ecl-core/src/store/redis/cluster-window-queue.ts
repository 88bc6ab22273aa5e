import type { GroupSpec } from '../../group-spec.ts'
import type { WindowRef } from '../counter-store.ts'
import type {
  DeadLetter,
  Published,
  PublishOptions,
  QueuedWindow,
  QueueState,
  WindowQueue,
} from '../window-queue.ts'
import { contentWithSome } from './content-with-some.ts'

/** Does something with the queues of one group, on the node that it is on. */
export type AtGroup = <T>(
  group: GroupSpec,
  operation: (queue: WindowQueue) => Promise<T>,
) => Promise<T>

/** The queues of closed windows in a Redis Cluster: those of a group are where its counts are. */
export class ClusterWindowQueue implements WindowQueue {
  readonly #at: AtGroup

  constructor(at: AtGroup) {
    this.#at = at
  }

  publish(window: WindowRef, options: PublishOptions): Promise<Published> {
    return this.#at(window.group, (queue) => queue.publish(window, options))
  }

  take(
    windows: readonly WindowRef[],
    archiver: string,
    limit: number,
  ): Promise<readonly QueuedWindow[]> {
    return this.#fromThoseThere(windows, (queue, refs) => queue.take(refs, archiver, limit))
  }

  reclaim(
    windows: readonly WindowRef[],
    archiver: string,
    limit: number,
    idleMs: number,
  ): Promise<readonly QueuedWindow[]> {
    return this.#fromThoseThere(windows, (queue, refs) =>
      queue.reclaim(refs, archiver, limit, idleMs),
    )
  }

  async renew(entries: readonly QueuedWindow[], archiver: string): Promise<void> {
    await this.#each(entries, (queue, own) => queue.renew(own, archiver))
  }

  /** What is not acknowledged on a node that does not answer comes again, which does no harm. */
  async acknowledge(entries: readonly QueuedWindow[]): Promise<void> {
    await this.#each(entries, (queue, own) => queue.acknowledge(own))
  }

  reject(entry: QueuedWindow, error: string): Promise<void> {
    return this.#at(entry.ref.group, (queue) => queue.reject(entry, error))
  }

  async leave(
    windows: readonly WindowRef[],
    archiver: string,
    entries: readonly QueuedWindow[],
  ): Promise<void> {
    await contentWithSome(
      Array.from(
        byGroup(windows, (ref) => ref),
        ([group, refs]) => {
          const own = entries.filter(({ ref }) => ref.group === group)
          return this.#at(group, (queue) => queue.leave(refs, archiver, own))
        },
      ),
    )
  }

  async deadLetters(windows: readonly WindowRef[], limit: number): Promise<readonly DeadLetter[]> {
    const letters = await this.#ofAll(windows, (queue, refs) => queue.deadLetters(refs, limit))
    return letters.flat().sort((a, b) => a.rejectedMs - b.rejectedMs)
  }

  replay(letter: DeadLetter): Promise<boolean> {
    return this.#at(letter.ref.group, (queue) => queue.replay(letter))
  }

  async state(windows: readonly WindowRef[]): Promise<readonly QueueState[]> {
    const states = new Map<WindowRef, QueueState>()
    await this.#ofAll(windows, async (queue, refs) => {
      const found = await queue.state(refs)
      refs.forEach((ref, index) => {
        const state = found[index]
        if (state !== undefined) states.set(ref, state)
      })
    })
    return windows.flatMap((ref) => states.get(ref) ?? [])
  }

  async #fromThoseThere(
    windows: readonly WindowRef[],
    take: (queue: WindowQueue, refs: WindowRef[]) => Promise<readonly QueuedWindow[]>,
  ): Promise<readonly QueuedWindow[]> {
    const taken = await contentWithSome(
      Array.from(
        byGroup(windows, (ref) => ref),
        ([group, refs]) => this.#at(group, (queue) => take(queue, refs)),
      ),
    )
    return taken.flat()
  }

  #ofAll<T>(
    windows: readonly WindowRef[],
    operation: (queue: WindowQueue, refs: WindowRef[]) => Promise<T>,
  ): Promise<T[]> {
    return Promise.all(
      Array.from(
        byGroup(windows, (ref) => ref),
        ([group, refs]) => this.#at(group, (queue) => operation(queue, refs)),
      ),
    )
  }

  async #each(
    entries: readonly QueuedWindow[],
    operation: (queue: WindowQueue, own: QueuedWindow[]) => Promise<void>,
  ): Promise<void> {
    await contentWithSome(
      Array.from(
        byGroup(entries, ({ ref }) => ref),
        ([group, own]) => this.#at(group, (queue) => operation(queue, own)),
      ),
    )
  }
}

function byGroup<T>(items: readonly T[], refOf: (item: T) => WindowRef): Map<GroupSpec, T[]> {
  const groups = new Map<GroupSpec, T[]>()
  for (const item of items) {
    const { group } = refOf(item)
    const own = groups.get(group)
    if (own === undefined) groups.set(group, [item])
    else own.push(item)
  }
  return groups
}
