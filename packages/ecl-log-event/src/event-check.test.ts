import { describe, expect, it } from '@jest/globals'
import { eventCheck } from './event-check.ts'

describe('eventCheck', () => {
  it('takes what is declared', () => {
    const check = eventCheck({ events: ['a b:c'], intervals: ['5s'] })
    expect(check('a b:c')).toBeUndefined()
    expect(check('a')).toBe('is not declared')
  })

  it('takes any event in a dynamic group, if it may be one', () => {
    const check = eventCheck({ events: [], intervals: ['5s'], auto_declare_events: true })
    expect(check('/päth 1')).toBeUndefined()
    expect(check('@ts')).toMatch(/reserved/)
    expect(check('a\x1b[31m')).toMatch(/control character/)
    expect(check('')).toMatch(/empty/)
  })
})
