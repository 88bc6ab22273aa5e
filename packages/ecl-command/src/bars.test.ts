import { describe, expect, it } from '@jest/globals'
import { bar, sparkline } from './bars.ts'

describe('bar', () => {
  it('is as long as the share of the largest value', () => {
    expect(bar(10, 10, 4)).toBe('████')
    expect(bar(5, 10, 4)).toBe('██')
    expect(bar(1, 4, 1)).toBe('▎')
  })

  it('shows something of everything above 0, and nothing of the rest', () => {
    expect(bar(1, 1_000_000, 10)).toBe('▏')
    expect(bar(0, 10, 10)).toBe('')
    expect(bar(-5, 10, 10)).toBe('')
    expect(bar(0, 0, 10)).toBe('')
  })
})

describe('sparkline', () => {
  it('tells nothing, little and unknown apart', () => {
    expect(sparkline([0, 1, 50, 100, undefined, 0])).toBe('▁▂▅█ ▁')
  })

  it('takes negative counts for 0', () => {
    expect(sparkline([-3, 0])).toBe('▁▁')
  })
})
