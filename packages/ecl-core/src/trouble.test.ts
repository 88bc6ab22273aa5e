import { describe, expect, it } from '@jest/globals'
import { silentLogger } from './logger.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { TroubleLog } from './trouble.ts'

function setUp() {
  const said: string[] = []
  const say = (_: object, message: string) => void said.push(message)
  const clock = new ManualClock()
  const logger = { ...silentLogger, info: say, warn: say }
  const log = new TroubleLog({ clock, logger, back: (seconds) => `back after ${seconds} s` })
  const fail = (work: string, kind = 'full') => log.failed({ work, kind, message: kind, err: 0 })
  return { said, clock, log, fail }
}

describe('what is wrong', () => {
  it('is said once until the work that failed succeeds, whatever else succeeds meanwhile', () => {
    const { said, clock, log, fail } = setUp()
    for (let n = 0; n < 1000; n++) {
      fail('write')
      expect(log.succeeded('read')).toBe(false)
      clock.block(10)
    }
    expect(said).toEqual(['full'])
    expect(log.succeeded('write')).toBe(true)
    expect(said).toEqual(['full', 'back after 10.0 s'])
  })

  it('is over with any success where it was not about the work', () => {
    const { said, log, fail } = setUp()
    fail('', 'lost')
    expect(log.succeeded('read')).toBe(true)
    expect(said).toEqual(['lost', 'back after 0.0 s'])
  })

  it('is not waited for where nobody tries that work any more', () => {
    const { clock, log, fail } = setUp()
    fail('read')
    clock.block(59_000)
    expect(log.succeeded('write')).toBe(false)
    clock.block(1000)
    expect(log.succeeded('write')).toBe(true)
  })

  it('fills no log, however fast troubles come and go', () => {
    const { said, clock, log, fail } = setUp()
    for (let n = 0; n < 5000; n++) {
      fail('write', `trouble ${n}`)
      log.succeeded('write')
      clock.block(1)
    }
    expect(said).toHaveLength(10)
    clock.block(60_000)
    fail('write')
    expect(said.at(-1)).toBe('full (9990 lines like this have been left out before)')
  })
})
