import { type EpochSeconds, openStore, resolveGroups, type WindowRef } from 'ecl-core'
import { until } from 'ecl-core/testing'
import { openHistory } from 'ecl-history'
import type { Stored } from './checks.ts'
import { lookedAtAs, type Scenario } from './scenario.ts'
import type { System } from './system.ts'

/** Windows have to be turned over twice, and those that await a logger that was killed get 12 s. */
const SETTLING_MS = 60_000
const ALL_TIME = { from: 0 as EpochSeconds, to: 1e11 as EpochSeconds }

/** The intervals whose windows end during a run. */
function shortIntervals(scenario: Scenario): WindowRef[] {
  return resolveGroups(scenario.groups).flatMap((group) =>
    group.intervals.slice(0, -1).map((interval) => ({ group, interval })),
  )
}

/**
 * Waits until all windows in which something was counted have been published and archived, once all loggers have closed.
 *
 * @throws where that takes too long, StoreError
 */
export async function untilArchived(system: System, scenario: Scenario): Promise<void> {
  const store = openStore(system.redis.backend ?? system.redis.server.backend)
  const refs = shortIntervals(scenario)
  const closedMs = Date.now()
  try {
    await until(async () => {
      const { states } = await store.windows(refs)
      // The last one that counts were in is overwritten only when it has been published.
      const turned = refs.every(({ interval: { seconds } }, index) => {
        const start = states[index]?.current ?? 0
        return start >= (Math.floor(closedMs / 1000 / seconds) + 2) * seconds
      })
      if (!turned) return false
      const queues = (await store.history?.state(refs)) ?? []
      return queues.every(({ length }) => length === 0)
    }, SETTLING_MS)
  } finally {
    await store.close()
  }
}

/** What the history holds, by the names that the checks look at. @throws StoreError */
export async function lookAtHistory(url: string): Promise<Stored> {
  const kept = new Map<string, Map<number, Map<string, number>>>()
  const history = openHistory(url)
  try {
    for (const { group, interval } of await history.series()) {
      const windows = new Map<number, Map<string, number>>()
      kept.set(`${group}:${interval}`, windows)
      for await (const { start, counts } of history.closed({ group, interval, ...ALL_TIME })) {
        const events = windows.get(start) ?? new Map<string, number>()
        windows.set(start, events)
        for (const [id, count] of counts) {
          const event = lookedAtAs(group, id)
          events.set(event, (events.get(event) ?? 0) + Number(count))
        }
      }
    }
    return kept
  } finally {
    await history.close()
  }
}
