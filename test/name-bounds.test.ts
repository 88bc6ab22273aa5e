/** Every way by which a name comes in refuses one that is too long, and takes one that is just not. */
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { EventCountLogger, type GroupConfig, MAX_NAME_BYTES, resolveGroups } from 'ecl-core'
import { ManualClock, MemoryStore } from 'ecl-core/testing'
import { readWindows } from '../packages/ecl-history/src/transfer/read-windows.ts'
import { eventCheck } from '../packages/ecl-log-event/src/event-check.ts'

const GROUP = { events: [], intervals: ['5s'], auto_declare_events: true } as const

const LONGEST = [
  'x'.repeat(MAX_NAME_BYTES),
  'é'.repeat(MAX_NAME_BYTES / 2),
  '💥'.repeat(MAX_NAME_BYTES / 4),
]
const TOO_LONG = [
  'x'.repeat(MAX_NAME_BYTES + 1),
  `${'é'.repeat(MAX_NAME_BYTES / 2)}x`,
  '💥'.repeat(MAX_NAME_BYTES / 4 + 1),
  'x'.repeat(8_000_000),
]

/** Why a door refuses a name; undefined where it takes it. */
type Door = (name: string) => string | undefined | Promise<string | undefined>

async function thrown(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (caught) {
    return String(caught)
  }
}

function configured(group: GroupConfig, name = 'web'): Promise<string | undefined> {
  return thrown(() => resolveGroups({ [name]: group }))
}

/** A way of the library that warns once and counts in `stats.undeclared`. */
function logged(log: (ecl: EventCountLogger<{ web: typeof GROUP }>, name: string) => void): Door {
  return async (name) => {
    const clock = new ManualClock(0)
    const warnings: string[] = []
    const logger = {
      debug() {},
      info() {},
      warn: (_: object, m: string) => warnings.push(m),
      error() {},
    }
    const ecl = new EventCountLogger({ web: GROUP }, new MemoryStore(clock), { clock, logger })
    log(ecl, name)
    log(ecl, name)
    const { logged: counted, undeclared } = ecl.stats
    void ecl.close()
    await clock.advance(2000)
    expect(counted + undeclared).toBe(2)
    expect(warnings).toHaveLength(undeclared === 0 ? 0 : 1)
    return warnings[0]
  }
}

function imported(group: string, event: string): Promise<string | undefined> {
  const line = {
    group,
    interval: '5s',
    start: 60,
    end: 65,
    publishedMs: 67_001,
    revision: 1,
    part: 1,
    parts: 1,
    completeness: 'complete',
    late: 0,
    total: 1,
    counts: { [event]: 1 },
  }
  return thrown(async () => {
    for await (const _ of readWindows(
      Readable.from([Buffer.from(JSON.stringify(line))], { objectMode: false }),
    ));
  })
}

const DOORS: readonly (readonly [string, Door])[] = [
  ['an event of a config', (name) => configured({ events: [name], intervals: ['5s'] })],
  [
    'the overflow event of a config',
    (name) => configured({ ...GROUP, max_events: 9, overflow_event: name }),
  ],
  ['a group of a config', (name) => configured(GROUP, name)],
  ['log', logged((ecl, name) => ecl.getGroup('web').log(name))],
  ['a handle', logged((ecl, name) => ecl.getGroup('web').counter(name).inc())],
  [
    'declareEvent',
    (name) =>
      thrown(() => {
        const clock = new ManualClock(0)
        const ecl = new EventCountLogger({ web: GROUP }, new MemoryStore(clock), { clock })
        try {
          ecl.getGroup('web').declareEvent(name)
        } finally {
          void ecl.close()
        }
      }),
  ],
  ['ecl-log-event', eventCheck(GROUP)],
  ['an event of an import', (name) => imported('web', name)],
  ['a group of an import', (name) => imported(name, 'hit')],
]

describe.each(DOORS)('%s', (_door, refusalOf) => {
  it('takes a name of 1,024 bytes', async () => {
    for (const name of LONGEST) expect(await refusalOf(name)).toBeUndefined()
  })

  it('refuses a longer one, says how long it is, and shows no more than its beginning', async () => {
    for (const name of TOO_LONG) {
      const refusal = await refusalOf(name)
      const bytes = Buffer.byteLength(name).toLocaleString('en')
      expect(refusal).toContain(`has ${bytes} bytes; a name has at most 1,024 bytes of UTF-8`)
      expect(refusal?.length).toBeLessThan(500)
    }
  })
})
