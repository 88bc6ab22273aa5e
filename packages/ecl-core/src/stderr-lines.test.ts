import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { StderrLines } from './stderr-lines.ts'
import { until } from './testing/until.ts'

describe('StderrLines', () => {
  let room: number
  let written: string
  let lines: StderrLines

  beforeEach(() => {
    room = Number.POSITIVE_INFINITY
    written = ''
    lines = new StderrLines((dropped) => lines.write(`${dropped} dropped\n`), write)
  })

  // What waits, waits by a timer.
  afterEach(async () => {
    room = Number.POSITIVE_INFINITY
    lines.write('end\n')
    await until(() => written.endsWith('end\n') || written.endsWith('dropped\n'))
  })

  /** A pipe with little room, which takes parts of lines. */
  function write(bytes: Uint8Array): number {
    if (room === 0) throw new Error('EAGAIN')
    const taken = Math.min(room, bytes.length)
    room -= taken
    written += Buffer.from(bytes.subarray(0, taken)).toString()
    return taken
  }

  it('writes at once what can be written', () => {
    lines.write('a\n')
    lines.write('b\n')
    expect(written).toBe('a\nb\n')
  })

  it('goes on in the middle of a line, in order, when there is room again', async () => {
    room = 3
    for (const line of ['first\n', 'second\n', 'third\n']) lines.write(line)
    expect(written).toBe('fir')
    room = Number.POSITIVE_INFINITY
    await until(() => written.endsWith('third\n'))
    expect(written).toBe('first\nsecond\nthird\n')
  })

  it('keeps 64 KiB at most, drops what is more, and says how many lines that were', async () => {
    room = 0
    const line = `${'x'.repeat(1023)}\n`
    for (let i = 0; i < 1000; i++) lines.write(line)
    expect(written).toBe('')
    room = Number.POSITIVE_INFINITY
    await until(() => written.endsWith('dropped\n'))
    const kept = written.split(line).length - 1
    expect(kept).toBe(65)
    expect(written).toBe(`${line.repeat(kept)}${1000 - kept} dropped\n`)
  })
})
