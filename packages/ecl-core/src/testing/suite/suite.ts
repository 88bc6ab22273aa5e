import type { GroupSpec, Layout } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'
import type { CounterStore } from '../../store/counter-store.ts'
import type { TestRunner } from '../exercise-counter-store.ts'

/** What the parts of the suite share. */
export interface Suite extends Pick<TestRunner, 'describe' | 'it'> {
  /** The store under test. */
  readonly store: CounterStore
  /** Makes another handle on it, as another process has. */
  readonly open: () => CounterStore
  /** Sets the store's clock to so many seconds after noon. */
  readonly at: (seconds: number) => Promise<void>
  /** The layout of all groups. */
  readonly layout: Layout
  /** A group for tests: with two declared events and one interval, but for what is given. */
  readonly groupSpec: (given?: Partial<GroupSpec>) => GroupSpec
  /** A group with two declared events and one interval. */
  readonly group: GroupSpec
  /** Reads counts, of that group unless another is given. */
  readonly counts: (
    which: 'cur' | 'last',
    of?: GroupSpec,
    interval?: Interval,
  ) => Promise<Record<string, bigint>>
}
