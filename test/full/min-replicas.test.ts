import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SentinelSet, until } from 'ecl-core/testing'

describe('a primary with min-replicas-to-write 1 and min-replicas-max-lag 1', () => {
  let set: SentinelSet

  beforeEach(async () => {
    const args = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1']
    set = await SentinelSet.start({ args, downAfterMs: 60_000 })
  })
  afterEach(() => set?.close())

  it('acknowledges without its replica for less than the default loss window', async () => {
    const primary = await set.primary()
    const replica = await set.replica()
    const writes = () =>
      primary.client.incr('x').then(
        () => true,
        (error: Error) => {
          if (!error.message.startsWith('NOREPLICAS')) throw error
          return false
        },
      )
    await until(writes)
    replica.signal('SIGSTOP')
    const cutOffMs = performance.now()
    await until(async () => !(await writes()))
    expect(performance.now() - cutOffMs).toBeLessThan(2500)
  })
})
