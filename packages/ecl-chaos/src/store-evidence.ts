import { openStore, resolveGroups } from 'ecl-core'
import type { Account } from './books.ts'
import { lookedAtAs, type Scenario } from './scenario.ts'
import type { System } from './system.ts'
import type { Evidence } from './verdict.ts'

/** What the store itself says at the end of a run. */
export type StoreEvidence = Pick<Evidence, 'accounts' | 'held'>

/** Asks the store, when all loggers have been closed. @throws StoreError */
export async function lookAtStore(system: System, scenario: Scenario): Promise<StoreEvidence> {
  const store = openStore(system.redis.backend ?? system.redis.server.backend)
  try {
    const accounts = new Map<string, readonly Account[]>()
    const held = new Map<string, Map<number, Map<string, number>>>()
    for (const group of resolveGroups(scenario.groups)) {
      accounts.set(group.name, (await store.accounts(group)).clients)
      const interval = group.intervals.at(-1)
      if (interval === undefined) continue
      // With what only loggers have declared.
      const all = { ...group, dynamic: true }
      const { cur } = await store.read(all, interval, 'cur')
      const sums = new Map<string, number>()
      for (const [id, count] of cur?.counts ?? []) {
        const event = lookedAtAs(group.name, id)
        sums.set(event, (sums.get(event) ?? 0) + Number(count))
      }
      held.set(`${group.name}:${interval.spec}`, new Map([[cur?.start ?? 0, sums]]))
    }
    return { accounts, held }
  } finally {
    await store.close()
  }
}
