import type { GroupSpec, Layout } from '../group-spec.ts'
import type { CounterStore } from '../store/counter-store.ts'
import { FIVE_SECONDS, groupSpec, NOON } from './hand-client.ts'
import { exerciseApply } from './suite/apply.ts'
import { exerciseCompleteness } from './suite/completeness.ts'
import { exerciseRead } from './suite/read.ts'
import { exerciseRotate } from './suite/rotate.ts'
import type { Suite } from './suite/suite.ts'

/** A store with a clock that the suite winds. */
export interface StoreUnderTest {
  /** A handle on the store; each call makes another one, as another process has. */
  open(): CounterStore
  /** Sets the store's clock, ms since the epoch. */
  setTime(ms: number): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  /** Ends what was opened. */
  close(): Promise<void>
}

/** What the suite needs of a test runner: jest's, vitest's and node:test's will do. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
  readonly beforeAll: (body: () => Promise<void>) => void
  readonly beforeEach: (body: () => Promise<void>) => void
  readonly afterAll: (body: () => Promise<void>) => void
}

/**
 * The one suite that every store passes: what `CounterStore` promises.
 *
 * @param runner the test runner's functions
 * @param name the store's name
 * @param create makes a store that is empty
 * @param layout of all groups of the suite; stores other than Redis pass it over
 */
export function exerciseCounterStore(
  runner: TestRunner,
  name: string,
  create: () => Promise<StoreUnderTest>,
  layout: Layout = 'keys',
): void {
  let subject: StoreUnderTest
  let store: CounterStore
  const inLayout = (given: Partial<GroupSpec> = {}) => groupSpec({ layout, ...given })
  const group = inLayout()
  const counts = async (which: 'cur' | 'last', of = group, interval = FIVE_SECONDS) => {
    const reading = await store.read(of, interval, which)
    return Object.fromEntries(reading[which]?.counts ?? [])
  }
  const at = (seconds: number) => subject.setTime((NOON + seconds) * 1000)

  const suite: Suite = {
    ...{ describe: runner.describe, it: runner.it, group, counts, at },
    ...{ layout, groupSpec: inLayout },
    get store() {
      return store
    },
    open: () => subject.open(),
  }

  runner.describe(name, () => {
    runner.beforeAll(async () => {
      subject = await create()
      store = subject.open()
    })
    runner.beforeEach(async () => {
      await subject.clear()
      await at(1)
    })
    runner.afterAll(() => subject.close())

    exerciseApply(suite)
    exerciseCompleteness(suite)
    exerciseRotate(suite)
    exerciseRead(suite)
  })
}
