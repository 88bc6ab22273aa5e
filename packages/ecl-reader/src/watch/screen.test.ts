import { describe, expect, it } from '@jest/globals'
import { widthOf } from 'ecl-command'
import fc from 'fast-check'
import { reportWith, seconds } from '../../test/report-fixture.ts'
import type { WindowReport } from '../report.ts'
import { History } from './history.ts'
import { type Scene, screen } from './screen.ts'

function historyOf(...windows: readonly (WindowReport['counts'] | undefined)[]): History {
  const history = new History(5)
  windows.forEach((counts, i) => {
    const [start, end] = [seconds(60 + 5 * i), seconds(65 + 5 * i)]
    if (counts === undefined) return
    history.add(reportWith([], { windows: [{ which: 'last', start, end, counts }] }))
  })
  return history
}

function show(histories: readonly History[], changes: Partial<Scene> = {}): string[] {
  const view = { events: [], top: undefined, sort: undefined }
  return screen({
    histories,
    trouble: undefined,
    view,
    rate: false,
    columns: 60,
    rows: 20,
    ...changes,
  })
}

const TWO_WINDOWS = historyOf(
  [
    ['a', 4n],
    ['b', 2n],
  ],
  [
    ['a', 8n],
    ['b', 1n],
    ['c', 0n],
  ],
)

describe('screen', () => {
  it('shows counts, the change, a curve and a bar', () => {
    expect(show([TWO_WINDOWS])).toEqual([
      'web 5s, last window: 1970-01-01T00:01:05Z to 1970-01-01T00:…',
      'event  count  change',
      'a          8      +4  ▅█  ██████████████████████████████',
      'b          1      -1  █▅  ███▊',
      'c          0       =  ▁▁',
      'total      9',
    ])
  })

  it('knows no change where the window before was not seen', () => {
    const [, , row] = show([historyOf([['a', 4n]], undefined, [['a', 8n]])])
    expect(row).toMatch(/^a +8 +▅ █ +█+$/)
  })

  it('says how many events do not fit', () => {
    const counts = Array.from({ length: 100 }, (_, i) => [`e${i}`, BigInt(i)] as const)
    const lines = show([historyOf(counts)], { rows: 10 })
    expect(lines.length).toBeLessThanOrEqual(9)
    expect(lines.at(-2)).toMatch(/^… and 9\d more$/)
    expect(lines.at(-1)).toMatch(/^total +4950$/)
  })

  it('takes the largest, where asked', () => {
    const view = { events: [], top: 1, sort: undefined }
    expect(show([TWO_WINDOWS], { view })[2]).toMatch(/^a /)
  })

  it('ends with what is wrong', () => {
    const trouble = 'ecl-reader: Redis \x1b[2J is gone'
    expect(show([TWO_WINDOWS], { trouble }).at(-1)).toBe('Redis \\x1b[2J is gone')
    expect(show([new History(5)], { trouble })).toEqual(['Redis \\x1b[2J is gone'])
  })

  it('fits into every terminal, and sends it no control character', () => {
    const counts = fc.array(
      fc.tuple(fc.string({ unit: 'binary', maxLength: 60 }), fc.bigInt(-1000n, 1000n)),
    )
    const size = fc.integer({ min: 1, max: 100 })
    fc.assert(
      fc.property(counts, counts, size, size, (first, second, columns, rows) => {
        const lines = show([historyOf(first), historyOf(first, second)], { columns, rows })
        expect(lines.length).toBeLessThan(Math.max(2, rows))
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns)
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        }
      }),
    )
  })
})
