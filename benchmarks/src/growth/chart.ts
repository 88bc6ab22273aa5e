import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Point } from './points.ts'

/** One axis. */
export interface Axis {
  /** With its unit: `ns a call`. */
  readonly title: string
  readonly scale: 'log' | 'linear'
  /** Of a linear axis; default: what the points need. */
  readonly most?: number
}

/** One panel of a picture. */
export interface Panel {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly points: readonly Point[]
  /** A bound to be seen, such as a full processor. */
  readonly line?: number
}

/** Colours that are told apart by those who do not see red and green, too (Okabe and Ito). */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9']
const FONT = 'Helvetica, Arial, sans-serif'
/** What is left of a logarithm that ought to be whole. */
const ROUNDING = 1e-9
const WIDTH = 380
const HEIGHT = 280

/** Draws panels beside each other, as an SVG. */
export async function drawSvg(panels: readonly Panel[]): Promise<string> {
  const spec: TopLevelSpec = {
    background: 'white',
    padding: 16,
    config: {
      font: FONT,
      axis: {
        labelFontSize: 12,
        titleFontSize: 13,
        titleFontWeight: 'normal',
        gridColor: '#e4e4e4',
      },
      legend: { labelFontSize: 12, orient: 'bottom', columns: 1, symbolSize: 90 },
      title: { fontSize: 14, anchor: 'start', offset: 12 },
      view: { stroke: '#bbb' },
    },
    hconcat: panels.map(panelSpec),
    resolve: { scale: { color: 'independent', shape: 'independent' } },
    spacing: 40,
  }
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}

function panelSpec({ title, x, y, points, line }: Panel) {
  const series = [...new Set(points.map((point) => point.series))]
  const colour = {
    field: 'series',
    type: 'nominal' as const,
    title: null,
    legend: { labelLimit: 380 },
    scale: { domain: series, range: COLOURS.slice(0, series.length) },
  }
  const shape = { ...colour, scale: { domain: series } }
  const quantitative = { type: 'quantitative' as const }
  const xs = points.map((point) => point.x)
  const ys = points.flatMap(({ least, most }) => [least, most])
  const across = { field: 'x', title: x.title, ...quantitative, ...scaleOf(x, xs) }
  const up = { field: 'y', title: y.title, ...quantitative, ...scaleOf(y, ys) }
  const bound = line === undefined ? [] : [boundSpec(line)]
  return {
    title,
    width: WIDTH,
    height: HEIGHT,
    data: { values: points.map((point) => ({ ...point })) },
    layer: [
      ...bound,
      {
        mark: { type: 'rule' as const, strokeWidth: 1.5, opacity: 0.6 },
        encoding: { x: across, y: { ...up, field: 'least' }, y2: { field: 'most' }, color: colour },
      },
      {
        mark: { type: 'line' as const, strokeWidth: 2.2 },
        encoding: { x: across, y: up, color: colour },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 70, opacity: 1 },
        encoding: { x: across, y: up, color: colour, shape },
      },
    ],
  }
}

function boundSpec(line: number) {
  return {
    mark: { type: 'rule' as const, strokeDash: [6, 4], color: '#555' },
    encoding: { y: { datum: line } },
  }
}

function scaleOf({ scale, most }: Axis, values: readonly number[]) {
  if (scale === 'linear') {
    return { scale: { type: scale, zero: true, ...(most !== undefined && { domain: [0, most] }) } }
  }
  const least = Math.floor(Math.log10(Math.min(...values)) + ROUNDING)
  const highest = Math.ceil(Math.log10(Math.max(...values)) - ROUNDING)
  const powers = Array.from({ length: highest - least + 1 }, (_, n) => 10 ** (least + n))
  const domain = [powers[0] ?? 1, powers.at(-1) ?? 10]
  return {
    scale: { type: scale, domain, nice: false },
    axis: { values: powers, labelExpr: "format(datum.value, datum.value < 1 ? '~r' : '~s')" },
  }
}
