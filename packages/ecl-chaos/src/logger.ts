/**
 * A logger's process: counts until it is told to close, and writes down what it counts before it does so, and what
 * became of it. Its one argument is a Job; orders come from its parent.
 */
import { type Clock, EventCountLogger, openStore, StoreClock, systemClock } from 'ecl-core'
import { type Order, ownJob } from './job.ts'
import type { EventCounts } from './journal.ts'
import { JournalWriter } from './journal-file.ts'
import { journalingStore } from './journaling-store.ts'
import { type Random, seededRandom } from './random.ts'
import { ALL, EXTRA } from './scenario.ts'

/** Nothing is counted so near to a boundary, so that there is no doubt to which window it belongs. */
const MARGIN_MS = 60
/** A clock that may be wrong by more is not to be blamed for a neighbouring window. */
const EXACT_MS = 25
const TICK_MS = [15, 45] as const
/** A tick that is so late may come before the timer that ends a window: that is for the next one to count. */
const STALLED_MS = 25
const MEMORY_MS = 3000
const CLOSE_TIMEOUT_MS = 30_000
const WIDE_EVENTS = 1500

const job = ownJob()
const random = seededRandom(job.seed)
const journal = new JournalWriter(job.journal)
let offsetMs = job.clockOffsetMs
/** A machine whose time of day is wrong. */
const clock: Clock = { ...systemClock, wallMs: () => Date.now() + offsetMs }
/** Groups that the store knows: before, counts are stamped by when their segment was open, on either side of a boundary. */
const heard = new Set<string>()
/** What the logger can know of the store's time. */
const known = new StoreClock(systemClock)
const store = journalingStore(openStore(job.backend, { clock }), known, (line) => {
  if (line.t === 'ack') heard.add(line.group)
  journal.write(line)
})
const ecl = new EventCountLogger(job.groups, store, { clock })
ecl.getGroup('limited').declareEvent(EXTRA)

let dueMs = 0
let timer: NodeJS.Timeout | undefined

function tick(): void {
  // In this order: a process that is kept from its work in between is late.
  const nowMs = Date.now()
  const lateMs = performance.now() - dueMs
  const delayMs = random.int(...TICK_MS)
  dueMs = performance.now() + delayMs
  timer = setTimeout(tick, delayMs)
  const second = nowMs % 1000
  if (lateMs > STALLED_MS || second < MARGIN_MS || second > 1000 - MARGIN_MS) return
  const counts = drawCounts(random)
  const isExact = known.errorMs <= EXACT_MS && heard.size === Object.keys(job.groups).length
  const vague = isExact ? {} : { vague: true as const }
  journal.write({ t: 'log', at: nowMs, ...vague, counts })
  for (const [group, events] of Object.entries(counts)) {
    const log = ecl.getGroup(group)
    for (const [event, n] of Object.entries(events)) log.log(event, n)
  }
  if (Date.now() - nowMs > STALLED_MS && isExact) {
    journal.write({ t: 'slow', at: nowMs, counts })
  }
}

/** What a tick counts: in each group some events, and their sum as `all`. */
function drawCounts(from: Random): Record<string, EventCounts> {
  const drawn: Record<string, EventCounts> = {
    direct: withAll({ [from.chance(0.3) ? 'miss' : 'hit']: from.int(1, 3) }),
    cached: withAll({ [from.chance(0.5) ? 'job' : 'task']: from.int(1, 5) }),
    limited: { ...withAll({ [from.chance(0.5) ? 'x' : 'y']: 1 }), [EXTRA]: 1 },
    dynamic: withAll({ [`path ${from.int(0, 30)}:ü`]: from.int(1, 2), 'path 0:ü': 1 }),
    bounded: withAll({ [`id ${from.int(0, 40)}`]: 1 }),
  }
  drawn['hashed'] = drawn['dynamic'] ?? {}
  if (!job.wide) return { ...drawn, wide: withAll({ [`page ${from.int(0, WIDE_EVENTS)}`]: 1 }) }
  const pages = Array.from({ length: 30 }, () => [`page ${from.int(0, WIDE_EVENTS)}`, 1] as const)
  return { ...drawn, wide: withAll(Object.fromEntries(pages)) }
}

function withAll(events: EventCounts): EventCounts {
  return { ...events, [ALL]: Object.values(events).reduce((sum, n) => sum + n, 0) }
}

const memory = setInterval(() => {
  globalThis.gc?.()
  const heapBytes = process.memoryUsage().heapUsed
  journal.write({ t: 'memory', at: Date.now(), heapBytes, unsent: ecl.stats.unsent })
}, MEMORY_MS)

async function close(): Promise<void> {
  clearTimeout(timer)
  clearInterval(memory)
  const { unsentEvents } = await ecl.close({ timeoutMs: CLOSE_TIMEOUT_MS })
  const { groups: _groups, ...stats } = ecl.stats
  journal.write({ t: 'closed', at: Date.now(), unsent: unsentEvents, stats })
  await store.close()
  process.disconnect()
}

// Whoever started it is gone.
process.once('disconnect', () => process.exit())
process.on('message', (order: Order) => {
  if (order.type === 'clock') offsetMs = order.offsetMs
  else void close()
})
dueMs = performance.now()
tick()
