/** A reader's process: reads all the time, and writes down what is new. Its one argument is a Job. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type GroupSpec, type Interval, openStore, resolveGroups, StoreError } from 'ecl-core'
import { ownJob } from './job.ts'
import type { ReadLine } from './journal.ts'
import { JournalWriter } from './journal-file.ts'
import { seededRandom } from './random.ts'
import { lookedAtAs } from './scenario.ts'

const PAUSE_MS = 25

const job = ownJob()
const random = seededRandom(job.seed)
const journal = new JournalWriter(job.journal)
const store = openStore(job.backend)
const windows = resolveGroups(job.groups).flatMap((group) =>
  group.intervals.map((interval) => ({ group, interval })),
)
/** What was written of each window last. */
const told = new Map<string, string>()

async function look(group: GroupSpec, interval: Interval): Promise<void> {
  const which = random.chance(0.7) ? 'last' : 'cur'
  const reading = await store.read(group, interval, which, { completeness: true })
  const snapshot = reading[which]
  if (snapshot === undefined) return
  const counts: Record<string, number> = {}
  for (const [event, count] of snapshot.counts) {
    const name = lookedAtAs(group.name, event)
    counts[name] = (counts[name] ?? 0) + Number(count)
  }
  const line: ReadLine = {
    t: 'read',
    group: group.name,
    interval: interval.spec,
    which,
    start: snapshot.start ?? null,
    storeMs: reading.storeTimeMs,
    counts,
    completeness: snapshot.completeness?.status ?? 'unknown',
  }
  const text = JSON.stringify({ ...line, storeMs: 0 })
  const key = `${group.name}:${interval.spec}:${which}`
  if (told.get(key) === text) return
  told.set(key, text)
  journal.write(line)
}

process.once('disconnect', () => process.exit())
for (;;) {
  const { group, interval } = random.pick(windows)
  try {
    await look(group, interval)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
  await sleep(PAUSE_MS)
}
