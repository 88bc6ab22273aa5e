import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Batch } from './batch.ts'
import { ReplayBuffer } from './replay-buffer.ts'
import { groupSpec, HandClient } from './testing/hand-client.ts'
import { MemoryStore } from './testing/memory-store.ts'

const template = new HandClient(new MemoryStore(), groupSpec()).batch()
const batchOf = (number: number, ...counts: number[]): Batch => ({
  ...template,
  number,
  follows: number - 1,
  counts: counts.map((n, index) => [`e${index}`, n] as const),
})
const numbers = (buffer: ReplayBuffer, after = 0) =>
  buffer.after(after).batches.map(({ number }) => number)

describe('ReplayBuffer', () => {
  it('keeps what was acknowledged until a later reply shows that it outlived the loss window', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 100 })
    buffer.acknowledge(batchOf(1, 5), 0, 10)
    buffer.acknowledge(batchOf(2, 5), 1000, 1010)
    expect(numbers(buffer)).toEqual([1, 2])
    buffer.acknowledge(batchOf(3, 5), 2511, 2520)
    expect(numbers(buffer)).toEqual([2, 3])
  })

  it('goes by when a batch was sent and not by when its reply came', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 100 })
    buffer.acknowledge(batchOf(1, 5), 0, 10)
    buffer.acknowledge(batchOf(2, 5), 2509, 90_000)
    expect(numbers(buffer)).toEqual([1, 2])
  })

  it('keeps everything while no reply comes, however long that is', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 100 })
    buffer.acknowledge(batchOf(1, 5), 0, 10)
    buffer.acknowledge(batchOf(2, 5), 1, 11)
    // Number 2 once more, after an hour's outage in which the store forgot it: that says nothing of itself or later ones.
    buffer.acknowledge(batchOf(2, 5), 3_600_000, 3_600_010)
    expect(numbers(buffer, 1)).toEqual([2])
  })

  it('counts the loss window of a replayed batch anew', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 100 })
    buffer.acknowledge(batchOf(1, 5), 0, 10)
    buffer.acknowledge(batchOf(1, 5), 9000, 9010)
    buffer.acknowledge(batchOf(2, 5), 9020, 9030)
    expect(numbers(buffer)).toEqual([1, 2])
  })

  it('gives what follows a number', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 100 })
    for (let number = 1; number <= 5; number++) buffer.acknowledge(batchOf(number, 1), 0, 1)
    expect(numbers(buffer, 3)).toEqual([4, 5])
    expect(numbers(buffer, 5)).toEqual([])
  })

  it('lets the oldest go for want of room, says how much, and remembers its size', () => {
    const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit: 3 })
    expect(buffer.acknowledge(batchOf(1, 10, 20), 0, 1)).toBe(0)
    expect(buffer.acknowledge(batchOf(2, 5, 6), 0, 1)).toBe(30)
    expect(buffer.weight).toBe(2)
    expect(numbers(buffer)).toEqual([2])
    expect(buffer.after(0).lostEvents).toBe(30)
    expect(buffer.after(1).lostEvents).toBe(0)
  })

  it('never weighs more than its limit, and never loses a batch within the window for another reason', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 1500 }),
      tripMs: fc.integer({ min: 0, max: 400 }),
      events: fc.integer({ min: 0, max: 4 }),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 30 }),
        (steps, limit) => {
          const buffer = new ReplayBuffer({ lossWindowMs: 2500, limit })
          let nowMs = 0
          const all: { number: number; repliedAtMs: number; weight: number }[] = []
          steps.forEach(({ waitMs, tripMs, events }, index) => {
            const sentMs = nowMs + waitMs
            nowMs = sentMs + tripMs
            const number = index + 1
            buffer.acknowledge(batchOf(number, ...Array<number>(events).fill(1)), sentMs, nowMs)
            all.push({ number, repliedAtMs: nowMs, weight: Math.max(1, events) })
            const inside = all.filter(
              (one) => one.number === number || one.repliedAtMs >= sentMs - 2500,
            )
            let room = limit
            const fitting = inside.reverse().filter((one) => {
              room -= one.weight
              return room >= 0
            })
            expect(numbers(buffer)).toEqual(fitting.reverse().map((one) => one.number))
            expect(buffer.weight).toBeLessThanOrEqual(limit)
          })
        },
      ),
    )
  })
})
