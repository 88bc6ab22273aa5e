import { visible } from 'ecl-core'
import type { Destination, Report } from '../report.ts'

const TITLES = { last: 'Last:\n', current: 'Current:\n' } as const

/** `event:count`, one a line, byte for byte as the Python original, except for control characters on a terminal. */
export function plain({ windows, both }: Report, { terminal }: Destination): string {
  const lines: string[] = []
  for (const { which, counts } of windows) {
    if (both) lines.push(TITLES[which])
    for (const [event, count] of counts) {
      lines.push(`${terminal ? visible(event) : event}:${count}\n`)
    }
  }
  return lines.join('')
}
