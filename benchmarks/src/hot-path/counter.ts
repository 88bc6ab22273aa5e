import { EventCountLogger } from 'ecl-core'
import { MemoryStore } from 'ecl-core/testing'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import { CACHED, eclLog } from './log.ts'
import { eventNames, shuffledCalls, timeCalls } from './time-calls.ts'

const ONE_NAME = ['event']

/** @param open gives what counts one event, whose name it need not look at */
function handle(
  id: string,
  title: string,
  kind: Contestant['kind'],
  open: () => (() => void) | Promise<() => void>,
): Contestant {
  return {
    ...{ id, title, kind },
    run: async (context) => ({ ns: await timeCalls(context, await open(), ONE_NAME) }),
  }
}

function eclCounter(): () => void {
  const ecl = new EventCountLogger({ bench: CACHED }, new MemoryStore())
  const counter = ecl.getGroup('bench').counter('event')
  return () => counter.inc()
}

function field(): () => void {
  const h = { n: 0 }
  return () => {
    h.n++
  }
}

async function promChild(): Promise<() => void> {
  const { Counter, Registry } = await import('prom-client')
  const counter = new Counter({
    ...{ name: 'events_total', help: 'Events', labelNames: ['event'], registers: [new Registry()] },
  })
  const child = counter.labels('event')
  return () => child.inc()
}

/** Counting by a handle that is kept. */
const counterCase: BenchmarkCase = {
  id: 'counter',
  title: "`counter('x').inc()`, the handle kept",
  measures: { ns: { title: 'a call', unit: 'ns' } },
  contestants: [
    handle('ecl', "`counter('x').inc()`", 'ours', eclCounter),
    handle('field', '`h.n++`', 'floor', field),
    handle('prom-client', 'prom-client, a kept child `inc()`', 'peer', promChild),
  ],
  goals: [
    {
      says: "`counter('x').inc()` to `h.n++`",
      ...{ measure: 'ns', of: 'ecl', against: 'field', atMost: 2 },
    },
    {
      says: "`counter('x').inc()` is 30 × faster than prom-client's kept child",
      ...{ measure: 'ns', of: 'prom-client', against: 'ecl', atLeast: 30 },
    },
  ],
}

const intervalsOf = (id: string, title: string, intervals: readonly string[]): Contestant => ({
  ...{ id, title, kind: 'ours' },
  run: async (context) => {
    const calls = shuffledCalls(eventNames(10))
    return { ns: await timeCalls(context, eclLog(intervals), calls) }
  },
})

/** What more intervals cost where events are counted. */
const intervalsCase: BenchmarkCase = {
  id: 'intervals',
  title: "`log('x')` in a group of one interval and of three",
  measures: { ns: { title: 'a call', unit: 'ns' } },
  contestants: [
    intervalsOf('ecl', 'one interval', ['24h']),
    intervalsOf('three', 'three intervals', ['24h', '8h', '12h']),
  ],
  goals: [
    {
      says: 'three intervals to one, on the hot path',
      ...{ measure: 'ns', of: 'three', against: 'ecl', atMost: 1.1 },
    },
  ],
}

const named = (id: string, title: string, nameOf: (n: number) => string): Contestant => ({
  ...{ id, title, kind: 'ours' },
  run: async (context) => {
    const names = Array.from({ length: 1000 }, (_, n) => nameOf(n))
    return { ns: await timeCalls(context, eclLog(), shuffledCalls(names)) }
  },
})

/** What kinds of names cost. */
const namesCase: BenchmarkCase = {
  id: 'names',
  title: "`log('x')` by kinds of names, 1,000 of them",
  about:
    'A string that was built just now has to be hashed and compared letter by letter; one that is kept has its hash with it.',
  measures: { ns: { title: 'a call', unit: 'ns' } },
  contestants: [
    named('ecl', 'kept strings', (n) => `event ${n}`),
    named('unicode', 'kept strings that are not ASCII', (n) => `událost ☂ ${n}`),
    {
      ...{ id: 'built', title: 'strings built for each call', kind: 'ours' },
      run: async (context) => {
        const count = eclLog()
        const numbers = shuffledCalls(Array.from({ length: 1000 }, (_, n) => String(n)))
        return { ns: await timeCalls(context, (n) => count(`event ${n}`), numbers) }
      },
    },
    {
      ...{
        id: 'built-map',
        title: 'strings built for each call, `Map` with a box each',
        kind: 'floor',
      },
      run: async (context) => {
        const { mapOfBoxes } = await import('./counting-peers.ts')
        const count = mapOfBoxes()
        const numbers = shuffledCalls(Array.from({ length: 1000 }, (_, n) => String(n)))
        return { ns: await timeCalls(context, (n) => count(`event ${n}`), numbers) }
      },
    },
  ],
  goals: [],
}

/** Counting without what leads to another process. */
export const counterCases: readonly BenchmarkCase[] = [counterCase, intervalsCase, namesCase]
