import { describe, expect, it } from '@jest/globals'
import { resolveGroups, type WindowRef } from 'ecl-core'
import { WindowWork } from './window-work.ts'

const [group] = resolveGroups({ g: { events: ['a'], intervals: ['1s', '5s'] } })
if (group === undefined) throw new Error('bug: no group')
const [one, other] = group.intervals.map((interval): WindowRef => ({ group, interval }))
if (one === undefined || other === undefined) throw new Error('bug: no intervals')

describe('WindowWork', () => {
  it('does one thing at a time with a window, and meanwhile others with others', async () => {
    const work = new WindowWork(() => undefined)
    const { promise, resolve } = withResolvers()
    const first = work.begin(one, () => promise)
    expect(work.begin(one, () => Promise.resolve())).toBeUndefined()
    await work.begin(other, () => Promise.resolve())
    expect([work.isFree(one), work.isFree(other)]).toEqual([false, true])
    resolve()
    await first
    expect(work.isFree(one)).toBe(true)
    await work.begin(one, () => Promise.resolve())
  })

  it('asks for another look as soon as a window is free for which something came too early, once', async () => {
    let looks = 0
    const work = new WindowWork(() => looks++)
    const { promise, resolve } = withResolvers()
    const first = work.begin(one, () => promise)
    for (let n = 0; n < 2; n++) {
      expect(work.begin(one, () => Promise.resolve())).toBeUndefined()
    }
    await work.begin(other, () => Promise.resolve())
    expect(looks).toBe(0)
    resolve()
    await first
    expect(looks).toBe(1)
    await work.begin(one, () => Promise.resolve())
    expect(looks).toBe(1)
  })

  it('knows what has failed until it has succeeded', async () => {
    const work = new WindowWork(() => undefined)
    await expect(work.begin(one, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await work.begin(other, () => Promise.resolve())
    expect(work.isFailing).toBe(true)
    await work.begin(one, () => Promise.resolve())
    expect(work.isFailing).toBe(false)
  })

  it('forgets what has failed and is not to be done any more', async () => {
    const work = new WindowWork(() => undefined)
    await expect(work.begin(one, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    work.forgetFailures([one, other])
    expect(work.isFailing).toBe(true)
    work.forgetFailures([other])
    expect(work.isFailing).toBe(false)
  })

  it('waits until nothing is being done, whether it fails or not', async () => {
    const work = new WindowWork(() => undefined)
    const { promise, resolve } = withResolvers()
    let ended = 0
    const failed = work.begin(one, async () => {
      await promise
      ended++
      throw new Error('no')
    })
    void work.begin(other, async () => {
      await promise
      ended++
    })
    resolve()
    await work.idle()
    expect(ended).toBe(2)
    await expect(failed).rejects.toThrow('no')
  })
})

/** A promise, and what fulfils it. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}
