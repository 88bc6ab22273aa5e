import type { Applied, Batch, CounterStore, StoreClock } from 'ecl-core'
import type { AckedLine, ClientLine } from './journal.ts'

/**
 * A store that does what another one does, and writes down who sends, and what became of each batch.
 *
 * @param clock is told what each reply tells of the store's time
 */
export function journalingStore(
  store: CounterStore,
  clock: StoreClock,
  write: (line: ClientLine | AckedLine) => void,
): CounterStore {
  const clients = new Set<string>()
  const apply = async (batch: Batch): Promise<Applied> => {
    if (!clients.has(batch.clientId)) {
      clients.add(batch.clientId)
      write({ t: 'client', group: batch.group.name, client: batch.clientId })
    }
    const applied = await store.apply(batch)
    clock.observe(applied)
    const line = acked(batch, applied)
    if (line !== undefined) write(line)
    return applied
  }
  return new Proxy(store, {
    get(target, name) {
      if (name === 'apply') return apply
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function acked(batch: Batch, applied: Applied): AckedLine | undefined {
  if (applied.status !== 'applied' && applied.status !== 'duplicate') return undefined
  const told = applied.status === 'applied'
  return {
    t: 'ack',
    group: batch.group.name,
    client: batch.clientId,
    number: batch.number,
    at: batch.at ?? null,
    ...(batch.mixedWith !== undefined && { mixed: true }),
    intervals: batch.intervals.map(({ spec }) => spec),
    counts: batch.counts.map(([event, count]) => [event, String(count)]),
    storeMs: applied.storeTimeMs,
    placements: told ? applied.placements : null,
    failed: told ? applied.failures.map((one) => `${one.interval.spec} ${one.event}`) : [],
  }
}
