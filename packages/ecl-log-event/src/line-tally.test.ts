import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LineTally } from './line-tally.ts'

const LONGEST = 65_536

function tallied(...chunks: (Buffer | string)[]) {
  const tally = new LineTally()
  for (const chunk of chunks) tally.push(Buffer.from(chunk))
  tally.end()
  const { counts, overlong } = tally.take()
  const lines = Object.fromEntries(Array.from(counts, ([line, count]) => [line, count.lines]))
  return { lines, overlong }
}

describe('LineTally', () => {
  it('counts equal lines', () => {
    expect(tallied('a\nb\na\n').lines).toEqual({ a: 2, b: 1 })
  })

  it('counts a last line without an end', () => {
    expect(tallied('a\na').lines).toEqual({ a: 2 })
  })

  it('passes over a byte-order mark at the beginning, also in pieces, and nowhere else', () => {
    const mark = Buffer.from('\ufeff')
    for (const cut of [0, 1, 2, 3]) {
      const chunks = [mark.subarray(0, cut), mark.subarray(cut), 'a\n\ufeffa\n']
      expect(tallied(...chunks).lines).toEqual({ a: 1, '\ufeffa': 1 })
    }
    expect(tallied('\ufeff\ufeffa').lines).toEqual({ '\ufeffa': 1 })
    expect(tallied('\ufeff').lines).toEqual({})
  })

  it('passes over empty lines', () => {
    expect(tallied('\n\na\n\r\n\n').lines).toEqual({ a: 1 })
  })

  it('strips one carriage return, and none within a line', () => {
    expect(tallied('a\r\nb\r\r\nc\rd\ne\r').lines).toEqual({ a: 1, 'b\r': 1, 'c\rd': 1, e: 1 })
  })

  it('keeps a line for the next time that has only begun', () => {
    const tally = new LineTally()
    tally.push(Buffer.from('a\nb'))
    expect([...tally.take().counts.keys()]).toEqual(['a'])
    tally.push(Buffer.from('c\n'))
    expect([...tally.take().counts.keys()]).toEqual(['bc'])
  })

  it('counts the same wherever the chunks are cut, also within a character', () => {
    const text = Buffer.from('żółw\r\n😀\nżółw\n\nlonger than thirteen units\n😀')
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length]
        const chunks = places.slice(1).map((end, i) => text.subarray(places[i], end))
        expect(tallied(...chunks).lines).toEqual({
          żółw: 2,
          '😀': 2,
          'longer than thirteen units': 1,
        })
      }),
    )
  })

  it('takes a line of 65,536 characters, and counts longer ones without keeping them', () => {
    const line = 'x'.repeat(LONGEST)
    expect(tallied(`${line}\n`).lines).toEqual({ [line]: 1 })
    expect(tallied(`a\n${line}x\nb\n`)).toEqual({ lines: { a: 1, b: 1 }, overlong: 1 })
    expect(tallied('a\n', line, line, line, 'y\nb\n')).toEqual({
      lines: { a: 1, b: 1 },
      overlong: 1,
    })
    expect(tallied(line, 'x')).toEqual({ lines: {}, overlong: 1 })
  })
})
