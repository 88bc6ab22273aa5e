import { figure } from '../format.ts'
import { table } from '../report.ts'
import { figureOf } from '../results.ts'
import { drawSvg, type Panel } from './chart.ts'
import { serverMemoryCase } from './load.ts'
import { BUSY_SHARE, type FlushCost, needOf } from './on-paper.ts'
import { curve, type GrowthResults, type Point } from './points.ts'
import {
  FLUSH_SIZES,
  flushSteps,
  INTERVAL_COUNTS,
  loadSteps,
  loggerSteps,
  logSteps,
  rotationSteps,
} from './sweeps.ts'

/** A file of a picture, and what it shows. */
export interface Picture {
  readonly file: string
  readonly alt: string
  readonly svg: string
}

/** On a scale of powers of ten. */
const EVENTS = { title: 'distinct events', scale: 'log' } as const
const LOGGERS_ON_PAPER = 10_000
const SYNC_INTERVALS_SECONDS = [1, 2, 5, 10, 30, 60]
/** Above this, the server was what set the pace, and not those who sent. */
const SATURATED_PERCENT = 95

/** Draws all curves. */
export async function pictures(results: GrowthResults): Promise<Picture[]> {
  const drawn = [
    {
      file: 'growth-log.svg',
      alt: 'Time of a call against distinct events',
      panels: [logPanel(results)],
    },
    {
      file: 'growth-flush.svg',
      alt: "Time of a flush and Redis' CPU of it against events, by intervals",
      panels: [
        flushPanel(results, 'wall', 'A flush, for the program', 'ms'),
        flushPanel(results, 'server', 'A flush, for Redis', 'ms of CPU'),
      ],
    },
    {
      file: 'growth-rotation.svg',
      alt: 'Time of a rotation against events: Redis is blocked, and the master waits',
      panels: [
        rotationPanel(results, 'blocked', 'A rotation: Redis is blocked'),
        rotationPanel(results, 'wall', 'A rotation: the master waits'),
      ],
    },
    {
      file: 'growth-load.svg',
      alt: "Redis' CPU and the time of flushes against flushes a second of 100 loggers",
      panels: loadPanels(results),
    },
  ]
  // Of a run of some cases only, there may be nothing to draw.
  const there = drawn.filter(({ panels }) => panels.every(({ points }) => points.length > 0))
  return Promise.all(
    there.map(async ({ file, alt, panels }) => ({ file, alt, svg: await drawSvg(panels) })),
  )
}

function logPanel(results: GrowthResults): Panel {
  const named: readonly (readonly [string, string])[] = [
    ['prom-client', 'prom-client inc({ event })'],
    ['ecl-flushing', "log('x'), with the flush each second"],
    ['ecl', "log('x'), cached"],
    ['map', 'a Map with a box each'],
  ]
  return {
    title: 'Counting an event',
    x: EVENTS,
    y: { title: 'ns a call', scale: 'log' },
    points: named.flatMap(([id, series]) => curve(results, logSteps, id, 'ns', series)),
  }
}

function flushPanel(results: GrowthResults, measure: string, title: string, unit: string): Panel {
  const ours = [...flushSteps].flatMap(([intervals, steps]) =>
    curve(
      results,
      steps,
      'ecl',
      measure,
      `ECL, ${intervals} ${intervals === 1 ? 'interval' : 'intervals'}`,
    ),
  )
  const peer = flushSteps.get(INTERVAL_COUNTS[1]) ?? []
  const theirs = curve(results, peer, 'ioredis', measure, 'ioredis, INCRBY pipelined, 3 intervals')
  return {
    title,
    x: { title: 'events of the flush', scale: 'log' },
    y: { title: unit, scale: 'log' },
    points: [...ours, ...theirs],
  }
}

function rotationPanel(results: GrowthResults, measure: string, title: string): Panel {
  const named: readonly (readonly [string, string])[] = [
    ['ecl', 'ECL, one guarded script'],
    ['hash', 'ECL, layout: hash'],
    ['multi', "the original's commands in MULTI"],
    ['sqlite', 'ECL in an SQLite file'],
  ]
  return {
    title,
    x: { title: 'events of the window', scale: 'log' },
    y: { title: 'ms', scale: 'log' },
    points: named.flatMap(([id, series]) => curve(results, rotationSteps, id, measure, series)),
  }
}

function loadPanels(results: GrowthResults): Panel[] {
  const points = (measure: string): Point[] =>
    [...loadSteps].flatMap(([events, steps]) =>
      curve(results, steps, 'ecl', measure, `${events} events a flush`, 'rate'),
    )
  const x = { title: 'flushes a second, of 100 loggers together', scale: 'log' } as const
  return [
    {
      ...{ title: 'One Redis under load', x, points: points('cpu'), line: 100 },
      y: { title: '% of a processor core', scale: 'linear', most: 110 },
    },
    {
      ...{ title: 'What loggers feel of it', x, points: points('p99') },
      y: { title: 'ms, 99 % of flushes', scale: 'log' },
    },
  ]
}

/** What a run has found, in Markdown: the pictures, where one Redis is full, and what many loggers need. */
export function growthReport(
  results: GrowthResults,
  machine: string,
  drawn: readonly Picture[],
): string {
  const images = drawn.map(({ file, alt }) => `![${alt}](${file})`)
  return [machine, ...images, saturation(results), onPaper(results)].join('\n\n')
}

function costs(results: GrowthResults): FlushCost[] {
  return FLUSH_SIZES.flatMap((events) => {
    const full = loadSteps.get(events)?.at(-1)
    const result = full === undefined ? undefined : results.get(full.benchmark.id)
    const found = result === undefined ? undefined : figureOf(result, 'ecl', 'flush')
    return found === undefined ? [] : [{ events, cpuMs: found.median }]
  })
}

/** Where one Redis is full: found, or reckoned from its CPU where those who sent were full first. */
function saturation(results: GrowthResults): string {
  const full = [...loadSteps].flatMap(([, steps]) => steps.slice(-1))
  const rows = [...full, ...loggerSteps].flatMap(({ benchmark }) => {
    const result = results.get(benchmark.id)
    if (result === undefined) return []
    const [rate, cpu, p99] = ['rate', 'cpu', 'p99'].map((id) => figureOf(result, 'ecl', id)?.median)
    if (rate === undefined || cpu === undefined || p99 === undefined) return []
    const [, loggers = '', events = ''] = /^load-(\d+)x(\d+)x/.exec(benchmark.id) ?? []
    const most =
      cpu >= SATURATED_PERCENT ? `**${figure(rate)}**` : `${figure((rate * 100) / cpu)}, reckoned`
    const perSecond = rate * Number(events) * Math.max(1, cpu >= SATURATED_PERCENT ? 1 : 100 / cpu)
    return [
      [
        loggers,
        events,
        figure(rate),
        `${figure(cpu)} %`,
        `${figure(p99)} ms`,
        most,
        figure(perSecond),
      ],
    ]
  })
  const head = [
    'loggers',
    'events a flush',
    'flushes a second',
    "Redis' CPU",
    '99 % of flushes',
    'full at',
    'events a second',
  ]
  return `### Where one Redis is full\n\n${table(head, rows)}`
}

function onPaper(results: GrowthResults): string {
  const known = costs(results)
  const head = [
    '`sync_interval`',
    'flushes a second',
    ...known.map(({ events }) => `primaries, ${events} events a flush`),
  ]
  const rows = SYNC_INTERVALS_SECONDS.map((seconds) => [
    `${seconds} s`,
    figure(LOGGERS_ON_PAPER / seconds),
    ...known.map((cost) => {
      const { nodes, cores } = needOf(LOGGERS_ON_PAPER, seconds, cost)
      return `${nodes} (${figure(cores)} cores)`
    }),
  ])
  const loggers = LOGGERS_ON_PAPER.toLocaleString('en')
  return (
    `### ${loggers} loggers, on paper\n\n` +
    `Primaries of a cluster, each at ${BUSY_SHARE * 100} % of one core, for ${loggers} loggers and three intervals.\n\n` +
    `${table(head, rows)}${memoryOnPaper(results)}`
  )
}

function memoryOnPaper(results: GrowthResults): string {
  const memory = results.get(serverMemoryCase.id)
  if (memory === undefined) return ''
  const named = [
    ['ecl', 'with `layout: keys`'],
    ['hash', 'with `layout: hash`'],
  ] as const
  const found = named.flatMap(([contestant, layout]) => {
    const bytes = figureOf(memory, contestant, 'bytes')?.median
    if (bytes === undefined) return []
    return [`${layout}, ${figure(bytes)} bytes and ${figure((bytes * 3e6) / 2 ** 30)} GiB`]
  })
  return (
    '\n\nMemory for an event in one interval, both windows and index included, and for a million events in three ' +
    `intervals: ${found.join('; ')}.`
  )
}
