import { printable } from 'ecl-command'
import { formatLength } from '../../query/length.ts'
import type { Step } from '../../query/step.ts'
import { type Page, timeOf } from './format.ts'

/** Says which counts these are. */
export function titleOf(page: Page): string {
  const { group, interval, step, range, zone } = page
  const time = `${timeOf(range.from, page)} to ${timeOf(range.to, page)} ${zone}`
  const steps = step.unit === 'window' ? '' : `, by ${stepText(step)}`
  return `${printable(group)}, windows of ${interval.spec}${steps}: ${time}`
}

/** A step in words that complete "in": `1h`, `a day`, `a window`. */
export function inStepText(step: Step): string {
  if (step.unit === 'seconds' || step.unit === 'all') return stepText(step)
  return `a ${stepText(step)}`
}

/** A step in words that complete "by": `1h`, `day`, `week`. */
function stepText(step: Step): string {
  switch (step.unit) {
    case 'seconds':
      return formatLength(step.seconds)
    case 'window':
      return 'window'
    case 'all':
      return 'the whole time'
    default:
      return step.unit
  }
}
