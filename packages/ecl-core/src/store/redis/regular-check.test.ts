import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from '@jest/globals'
import { ManualClock, settle } from '../../testing/manual-clock.ts'
import { RegularCheck } from './regular-check.ts'

function checkWith(answer: () => Promise<void>) {
  const clock = new ManualClock()
  const state = { checks: 0 }
  const check = new RegularCheck(clock, () => {
    state.checks++
    return answer()
  })
  check.done()
  return { clock, check, state }
}

describe('RegularCheck', () => {
  it('checks every 5 s while it is used, which does not wait for it', async () => {
    const { clock, check, state } = checkWith(async () => undefined)
    for (let second = 0; second < 60; second++) {
      expect(check.beforeUse()).toBeUndefined()
      await clock.advance(1000)
    }
    expect(state.checks).toBe(11)
  })

  it('neither checks nor has a timer without use', async () => {
    const { clock, state } = checkWith(async () => undefined)
    expect(clock.pendingTimers).toBe(0)
    await clock.advance(3_600_000)
    expect(state.checks).toBe(0)
  })

  it('is waited for after a time without use, but not for longer than a second', async () => {
    let answer = () => {}
    const { clock, check, state } = checkWith(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    await clock.advance(60_000)
    let waited = 0
    for (let user = 0; user < 3; user++) void check.beforeUse()?.then(() => waited++)
    await clock.advance(999)
    expect(waited).toBe(0)
    await clock.advance(1)
    expect(waited).toBe(3)
    answer()
    await settle()
    expect([state.checks, clock.pendingTimers]).toEqual([1, 0])
    expect(check.beforeUse()).toBeUndefined()
  })

  it('tries again some seconds after a failure', async () => {
    const { clock, check, state } = checkWith(() => Promise.reject(new Error('away')))
    await clock.advance(10_000)
    await check.beforeUse()
    expect(check.beforeUse()).toBeUndefined()
    await clock.advance(5000)
    void check.beforeUse()
    expect(state.checks).toBe(2)
  })

  it('does not take over the context of whoever uses it', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const { clock, check } = checkWith(async () => void seen.push(context.getStore()))
    await clock.advance(5000)
    context.run('a request', () => void check.beforeUse())
    await settle()
    expect(seen).toEqual([undefined])
  })
})
