import { type Completeness, visible } from 'ecl-core'
import { masterNotice } from '../notices.ts'
import { elapsedSeconds, perSecond } from '../rate.ts'
import type { Destination, Report, WindowReport } from '../report.ts'

/** One metric: its samples for a window, as label set → value. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: (report: Report, window: WindowReport) => readonly Sample[]
}

/** Labels of its own, besides those of the window, and the value. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: bigint | number]

const STATES: readonly Completeness['status'][] = ['complete', 'pending', 'partial', 'unknown']

const METRICS: readonly Metric[] = [
  {
    name: 'ecl_window_events',
    help: 'Events counted in the window.',
    samples: (_report, { counts }) => counts.map(([event, count]) => [{ event }, count]),
  },
  {
    name: 'ecl_window_start_timestamp_seconds',
    help: 'When the window began, in seconds since the epoch.',
    samples: (_report, { start }) => (start === undefined ? [] : [[{}, start]]),
  },
  {
    name: 'ecl_window_end_timestamp_seconds',
    help: 'When the window ends or ended, in seconds since the epoch.',
    samples: (_report, { end }) => (end === undefined ? [] : [[{}, end]]),
  },
  {
    name: 'ecl_window_stale',
    help: 'Whether the window is older than it should be, as no master turns the windows over.',
    samples: (report) => [[{}, masterNotice(report) === undefined ? 0 : 1]],
  },
  {
    name: 'ecl_window_complete',
    help: 'Whether the counts of the window are final and exact: every logger has sent all of its own.',
    samples: (_report, { completeness }) =>
      completeness === undefined ? [] : [[{}, completeness.status === 'complete' ? 1 : 0]],
  },
  {
    // A state set, as OpenMetrics has it. A label on the counts would begin new series with each change.
    name: 'ecl_window_completeness',
    help: 'Which of its states the completeness of the window is in: 1 for that one, 0 for the others.',
    samples: (_report, { completeness }) =>
      completeness === undefined
        ? []
        : STATES.map((state) => [
            { ecl_window_completeness: state },
            completeness.status === state ? 1 : 0,
          ]),
  },
  {
    name: 'ecl_window_missing_loggers',
    help: 'How many loggers have not sent all of their counts of the window.',
    samples: (_report, { completeness }) =>
      completeness === undefined
        ? []
        : [[{}, 'missing' in completeness ? completeness.missing.length : 0]],
  },
]

const RATE: Metric = {
  name: 'ecl_window_events_per_second',
  help: 'Events counted in the window, divided by its length in seconds.',
  samples: (report, window) => {
    const seconds = elapsedSeconds(report, window)
    return window.counts.map(([event, count]) => [{ event }, perSecond(count, seconds)])
  },
}

/**
 * Prometheus' text exposition format, such as for the textfile collector of its node exporter. Gauges, as a window's
 * counts begin at 0 again with the next one.
 */
export function prometheus(reports: readonly Report[], { terminal, rate }: Destination): string {
  const escape = (name: string) => labelValue(terminal ? visible(name) : name)
  const lines: string[] = []
  for (const { name, help, samples } of rate ? [...METRICS, RATE] : METRICS) {
    lines.push(`# HELP ${name} ${help}\n# TYPE ${name} gauge\n`)
    for (const report of reports) {
      const interval = report.interval.spec
      for (const window of report.windows) {
        const shared = `group="${escape(report.group)}",interval="${interval}",window="${window.which}"`
        for (const [labels, value] of samples(report, window)) {
          const own = Object.entries(labels).map(([key, text]) => `,${key}="${escape(text)}"`)
          lines.push(`${name}{${shared}${own.join('')}} ${value}\n`)
        }
      }
    }
  }
  return lines.join('')
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
