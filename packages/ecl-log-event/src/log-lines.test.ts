import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { settle, until } from 'ecl-core/testing'
import { type LineLogging, logLines } from './log-lines.ts'

/** A group that keeps what is logged, and whose flushes end when the test says so. */
class FakeGroup {
  readonly counts = new Map<string, number>()
  readonly flushes: (() => void)[] = []

  log(event: string, n = 1): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + n)
  }

  async flush(): Promise<{ unsentEvents: number }> {
    await new Promise<void>((resolve) => this.flushes.push(resolve))
    return { unsentEvents: 0 }
  }
}

function begin(changes: Partial<LineLogging> = {}) {
  const group = new FakeGroup()
  const input = new PassThrough()
  const stop = new AbortController()
  const told: string[] = []
  const done = logLines({
    input,
    group,
    check: (event) => (event === 'bad' ? 'is bad' : undefined),
    tell: (message) => told.push(message),
    signal: stop.signal,
    ...changes,
  })
  return { group, input, stop, told, done }
}

describe('logLines', () => {
  it('logs lines as they come, and the last one at the end', async () => {
    const { group, input, done } = begin()
    input.write('a\nb\na\nc')
    await settle()
    expect(Object.fromEntries(group.counts)).toEqual({ a: 2, b: 1 })
    input.end()
    expect(await done).toEqual({ lines: 4, bad: 0 })
    expect(group.counts.get('c')).toBe(1)
  })

  it('counts lines that are no events, and goes on', async () => {
    const { group, input, told, done } = begin()
    input.end(`bad\na\nbad\n${'x'.repeat(70_000)}\n`)
    expect(await done).toEqual({ lines: 4, bad: 3 })
    expect(Object.fromEntries(group.counts)).toEqual({ a: 1 })
    expect(told).toHaveLength(2)
  })

  it('stops at the signal while it waits for input, without the line that has only begun', async () => {
    const { group, input, stop, done } = begin()
    input.write('a\nb')
    await settle()
    stop.abort()
    expect(await done).toEqual({ lines: 1, bad: 0 })
    expect(Object.fromEntries(group.counts)).toEqual({ a: 1 })
    expect(input.destroyed).toBe(true)
  })

  it('reads no further while 100,000 names wait to be stored', async () => {
    const names = (first: number) =>
      Buffer.from(Array.from({ length: 50_000 }, (_, i) => `${first + i}\n`).join(''))
    const input = Readable.from([names(0), names(50_000), Buffer.from('further\n')])
    const { group, done } = begin({ input })
    await until(() => group.flushes.length > 0)
    expect(group.flushes).toHaveLength(1)
    expect(group.counts.size).toBe(100_000)
    group.flushes[0]?.()
    expect(await done).toEqual({ lines: 100_001, bad: 0 })
    expect(group.counts.get('further')).toBe(1)
  })

  it('never waits for the store while there are few names', async () => {
    const { group, input, done } = begin()
    for (let i = 0; i < 100; i++) input.write('a\nb\nc\n'.repeat(1000))
    input.end()
    expect(await done).toEqual({ lines: 300_000, bad: 0 })
    expect(group.flushes).toHaveLength(0)
  })

  it('passes on an error of the input, having logged what came before', async () => {
    const { group, input, done } = begin()
    input.write('a\n')
    await settle()
    input.destroy(new Error('EISDIR'))
    await expect(done).rejects.toThrow('EISDIR')
    expect(group.counts.get('a')).toBe(1)
  })
})
