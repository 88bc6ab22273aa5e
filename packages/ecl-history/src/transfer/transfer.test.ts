import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { at } from '../../test/steps-fixture.ts'
import type { ClosedWindow } from '../closed-window.ts'
import { CSV_HEADER, csvRecords } from './csv.ts'
import { ndjsonLine } from './ndjson.ts'
import { readWindows } from './read-windows.ts'

const WINDOW: ClosedWindow = {
  group: 'web',
  interval: '5s',
  start: at(60),
  end: at(65),
  publishedMs: 67_001,
  revision: 2,
  part: 1,
  parts: 1,
  completeness: 'complete',
  late: 0n,
  total: 3n,
  counts: new Map([['hit', 3n]]),
}

/** Comes in pieces of a few bytes, as from a slow pipe. */
function inPieces(text: string, length: number): Readable {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, i * length + length),
  )
  return Readable.from(pieces, { objectMode: false })
}

async function read(text: string, pieceLength = 61): Promise<ClosedWindow[]> {
  const windows: ClosedWindow[] = []
  for await (const window of readWindows(inPieces(text, pieceLength))) windows.push(window)
  return windows
}

// What Python services log may hold anything.
const names = fc.string({ unit: 'binary', minLength: 1 })
const counts = fc.array(fc.tuple(names, fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })))
const windows = fc.array(
  fc
    .record({
      group: fc.constantFrom('web', '{shop}', 'a,"b"'),
      start: fc.nat(1000),
      counts,
      part: fc.integer({ min: 1, max: 2 }),
    })
    .map(
      ({ group, start, counts: all, part }): ClosedWindow => ({
        ...WINDOW,
        group,
        start: at(start * 5),
        end: at(start * 5 + 5),
        part,
        parts: 2,
        counts: new Map(all),
      }),
    ),
)

describe('what is exported', () => {
  it.each([
    ['lines of JSON', (all: ClosedWindow[]) => all.map(ndjsonLine).join('')],
    ['CSV', (all: ClosedWindow[]) => CSV_HEADER + all.map(csvRecords).join('')],
  ])('comes back from %s as it was', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(windows, async (all) => {
        // Two parts with the same head, one behind the other, would be one of CSV, and mean the same.
        const heads = all.map((one) => csvRecords({ ...one, counts: new Map() }))
        const different = all.filter((__, i) => heads[i] !== heads[i - 1])
        expect(await read(write(different))).toEqual(different)
      }),
      { numRuns: 20 },
    )
  })

  it('is nothing where the file is empty', async () => {
    for (const text of ['', CSV_HEADER, '\ufeff', '\r\n']) expect(await read(text)).toEqual([])
  })

  it.each([
    ['lines of JSON', ndjsonLine(WINDOW)],
    ['lines of JSON behind empty ones', `\n\n${ndjsonLine(WINDOW)}`],
    ['CSV', CSV_HEADER + csvRecords(WINDOW)],
  ])('may begin with a byte-order mark, whole or in pieces: %s', async (_, text) => {
    for (const pieceLength of [1, 2, 3, 4, 61, 10_000]) {
      expect(await read(text, pieceLength)).toEqual([WINDOW])
      expect(await read(`\ufeff${text}`, pieceLength)).toEqual([WINDOW])
    }
  })
})

describe('a file that is no export', () => {
  const json = (over: object) =>
    ndjsonLine(WINDOW) + JSON.stringify({ ...JSON.parse(ndjsonLine(WINDOW)), ...over })

  it.each([
    ['hello\n', /^line 1: is neither JSON nor the first line of an export: group,interval,/],
    [`${ndjsonLine(WINDOW)}{"group":`, /^line 2: /],
    [`${ndjsonLine(WINDOW)}[]\n`, /^line 2: is no object$/],
    [json({ counts: { hit: 1.5 } }), /^line 2: "hit": is no whole number$/],
    [json({ start: 61 }), /^line 2: start: is no multiple of 5s$/],
    [json({ end: 70 }), /^line 2: end: is not 5s after start$/],
    [json({ interval: 'soon' }), /^line 2: interval: is not an interval/],
    [json({ group: '' }), /^line 2: group: is missing$/],
    [json({ part: 2 }), /^line 2: part: is not one of 1$/],
    [json({ revision: -1 }), /^line 2: revision: is out of range$/],
    [
      json({ completeness: 'whole' }),
      /^line 2: completeness: is none of complete, pending, partial, unknown$/,
    ],
    [`${CSV_HEADER}web,5s,60\r\n`, /^line 2: Invalid Record Length: /],
    [
      `${CSV_HEADER}${csvRecords(WINDOW)}${csvRecords({ ...WINDOW, start: at(65), end: at(70) }).replace('hit,3', 'hit,x')}`,
      /^line 3: "hit": is no whole number$/,
    ],
  ])('%j is refused with its line', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })
})
