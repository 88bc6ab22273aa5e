import type { Layout } from '../group-spec.ts'
import type { EpochSeconds } from '../interval.ts'
import type { CounterStore } from '../store/counter-store.ts'
import type { StoreUnderTest, TestRunner } from './exercise-counter-store.ts'
import { FIVE_SECONDS, groupSpec, HandClient, NOON } from './hand-client.ts'
import { TEST_TAG } from './manual-time-redis.ts'
import { exerciseArchivers } from './suite/archivers.ts'
import { exercisePublish } from './suite/publish.ts'
import { type QueueSuite, queueOf } from './suite/queue-suite.ts'

/**
 * The one suite that every store with history passes: what `WindowQueue` promises.
 *
 * @param runner the test runner's functions
 * @param name the store's name
 * @param create makes a store that is empty
 * @param layout of all groups of the suite; stores other than Redis pass it over
 */
export function exerciseWindowQueue(
  runner: TestRunner,
  name: string,
  create: () => Promise<StoreUnderTest>,
  layout: Layout = 'keys',
): void {
  let subject: StoreUnderTest
  let store: CounterStore
  let client: HandClient
  // So that on a cluster they are where the clock is that is wound by hand.
  const group = groupSpec({ layout, name: `${TEST_TAG}group` })
  const ref = { group, interval: FIVE_SECONDS }
  const at = (seconds: number) => subject.setTime((NOON + seconds) * 1000)

  const suite: QueueSuite = {
    ...{ describe: runner.describe, it: runner.it, group, ref, at },
    get store() {
      return store
    },
    get queue() {
      return queueOf(store)
    },
    get client() {
      return client
    },
    open: () => subject.open(),
    async turn(counts) {
      await client.send(NOON, counts)
      await at(5)
      await store.rotate(group, FIVE_SECONDS)
      await client.sign({ through: (NOON + 5) as EpochSeconds })
      await at(8)
    },
  }

  runner.describe(name, () => {
    runner.beforeAll(async () => {
      subject = await create()
      store = subject.open()
    })
    runner.beforeEach(async () => {
      await subject.clear()
      await at(1)
      await store.rotate(group, FIVE_SECONDS)
      client = new HandClient(store, group)
      await client.register()
    })
    runner.afterAll(() => subject.close())

    exercisePublish(suite)
    exerciseArchivers(suite)
  })
}
