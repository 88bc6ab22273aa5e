import type { Count } from '../../batch.ts'
import type { GroupSpec } from '../../group-spec.ts'
import type { CounterStore, WindowRef } from '../../store/counter-store.ts'
import type { PublishOptions, WindowQueue } from '../../store/window-queue.ts'
import type { TestRunner } from '../exercise-counter-store.ts'
import type { HandClient } from '../hand-client.ts'

/** What the parts of the suite of queues share. */
export interface QueueSuite extends Pick<TestRunner, 'describe' | 'it'> {
  /** The store under test, whose first window has begun at noon, and its queue. */
  readonly store: CounterStore
  readonly queue: WindowQueue
  /** Makes another handle on it, as another process has. */
  readonly open: () => CounterStore
  /** Sets the store's clock to so many seconds after noon. */
  readonly at: (seconds: number) => Promise<void>
  /** A group with two declared events and an interval of 5 s. */
  readonly group: GroupSpec
  readonly ref: WindowRef
  /** The only client, registered. */
  readonly client: HandClient
  /** Counts at noon, and turns that window over at its end; it is 8 s past noon then, and all is complete. */
  readonly turn: (counts: Readonly<Record<string, Count>>) => Promise<void>
}

/** The queue of a store that has one. */
export function queueOf({ history }: CounterStore): WindowQueue {
  if (history === undefined) throw new Error('the store has no queue of windows')
  return history
}

/** Bounds that nothing in a test reaches. */
export const SETTLED: PublishOptions = {
  final: false,
  bounds: { seconds: 1_000_000, entries: 1_000_000 },
}
/** The same, where the window is about to be overwritten. */
export const FINAL: PublishOptions = { ...SETTLED, final: true }
