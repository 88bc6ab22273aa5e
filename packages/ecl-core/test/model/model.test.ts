import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MemoryBackend, RedisBackend } from './backend.ts'
import { play } from './play.ts'

describe('loggers and masters under any schedule of events, boundaries, faults and crashes', () => {
  it('keep every law of the protocol on a store in memory', async () => {
    const completeReads = await play(new MemoryBackend(), { runs: 300, isRedis: false })
    expect(completeReads).toBeGreaterThan(100)
  }, 3_600_000)
})

describe('the scripts on a real Redis under the same', () => {
  let backend: RedisBackend

  beforeAll(async () => {
    backend = await RedisBackend.start()
  })
  afterAll(() => backend.close())

  it('keep every law of the protocol', async () => {
    const completeReads = await play(backend, { runs: 100, isRedis: true })
    expect(completeReads).toBeGreaterThan(30)
  }, 3_600_000)
})
