import { describe, expect, it } from '@jest/globals'
import { at } from '../../../test/steps-fixture.ts'
import type { Step } from '../../query/step.ts'
import { chartStep } from './chart-step.ts'

const HOUR = 3600
const DAY = 24 * HOUR

function stepFor(seconds: number, wanted?: Step, windowSeconds = 5): Step {
  return chartStep({ from: at(0), to: at(seconds) }, wanted, windowSeconds, 71)
}

describe('chartStep', () => {
  it('takes windows where they fit, else the next step that people think in', () => {
    expect(stepFor(HOUR, undefined, 60)).toEqual({ unit: 'window' })
    expect(stepFor(HOUR)).toEqual({ unit: 'seconds', seconds: 60 })
    expect(stepFor(DAY)).toEqual({ unit: 'seconds', seconds: 1800 })
    expect(stepFor(60 * DAY)).toEqual({ unit: 'day' })
  })

  it('takes the step that is wanted, or a longer one where it does not fit', () => {
    const seconds = (n: number): Step => ({ unit: 'seconds', seconds: n })
    expect(stepFor(DAY, seconds(HOUR))).toEqual(seconds(HOUR))
    expect(stepFor(DAY, seconds(60))).toEqual(seconds(1800))
    expect(stepFor(DAY, { unit: 'week' })).toEqual({ unit: 'week' })
  })

  it('takes many days at once where not even days fit, so that roll-ups of days do', () => {
    const step = stepFor(300 * DAY, undefined, HOUR)
    expect(step).toEqual({ unit: 'seconds', seconds: 5 * DAY })
    // No days are made of windows of seven hours.
    expect(stepFor(300 * DAY, undefined, 7 * HOUR)).toEqual({
      unit: 'seconds',
      seconds: 105 * HOUR,
    })
  })
})
