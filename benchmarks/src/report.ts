import { type BenchmarkCase, type Contestant, isRate, type Measure } from './benchmark.ts'
import { amount, bounds, figure } from './format.ts'
import { type CaseResult, figureOf, ratioOf, type Verdict, verdicts } from './results.ts'

const NOT_MEASURED = 'not measured'

/** What a run has found, in Markdown: what was to be reached, where others are ahead, and every figure. */
export function reportOf(results: readonly CaseResult[], machine: string): string {
  return [
    machine,
    goalTable(results),
    behind(results),
    ...results.map((result) => caseTable(result)),
  ].join('\n\n')
}

function goalTable(results: readonly CaseResult[]): string {
  const rows = results.flatMap(verdicts).map((verdict) => {
    const { goal, measured } = verdict
    const found = measured === undefined ? '' : `${figure(measured.median)}${bounds(measured)}`
    return [goal.says, boundOf(verdict), found, marked(verdict)]
  })
  return `### Goals\n\n${table(['what', 'goal', 'measured', ''], rows)}`
}

function boundOf({ goal }: Verdict): string {
  const { atMost, atLeast } = goal
  return [
    ...(atMost === undefined ? [] : [`≤ ${figure(atMost)}`]),
    ...(atLeast === undefined ? [] : [`≥ ${figure(atLeast)}`]),
  ].join(', ')
}

function marked({ verdict }: Verdict): string {
  return verdict === 'missed' ? '**missed**' : verdict
}

/** Says openly who is ahead of ECL in what. */
function behind(results: readonly CaseResult[]): string {
  const lines = results.flatMap(({ benchmark }, index) => {
    const result = results[index]
    return result === undefined ? [] : aheadIn(benchmark, result)
  })
  const text = lines.length === 0 ? 'Nowhere in this run.' : lines.join('\n')
  return `### Where ECL is not first\n\n${text}`
}

function aheadIn(benchmark: BenchmarkCase, result: CaseResult): string[] {
  const [first] = benchmark.contestants
  if (first === undefined) return []
  return measuresOf(benchmark).flatMap(([id, measure]) =>
    benchmark.contestants
      .filter(({ kind }) => kind !== 'ours')
      .flatMap((other) => {
        const ratio = ratioOf(result, id, other.id, first.id)
        if (ratio === undefined) return []
        const factor = isRate(measure.unit) ? ratio.median : 1 / ratio.median
        if (!(factor > 1.02)) return []
        const remark = other.kind === 'floor' ? ', which does less' : ''
        return [
          `- ${benchmark.title}, ${measure.title}: ${other.title}${remark}, is ahead by a factor of ${figure(factor)}.`,
        ]
      }),
  )
}

function caseTable(result: CaseResult): string {
  const { benchmark } = result
  const measures = measuresOf(benchmark)
  const head = ['', ...measures.flatMap(([, { title }]) => [title, '×'])]
  const rows = benchmark.contestants.map((contestant) => [
    contestant.kind === 'ours' ? `**${contestant.title}**` : contestant.title,
    ...measures.flatMap(([id, measure]) => cells(result, contestant, id, measure)),
  ])
  const about = benchmark.about === undefined ? [] : [benchmark.about]
  return [`### ${benchmark.title}`, ...about, table(head, rows)].join('\n\n')
}

/** A figure with its bounds, and how many times the first contestant's it is. */
function cells(
  result: CaseResult,
  contestant: Contestant,
  id: string,
  { unit }: Measure,
): string[] {
  const found = figureOf(result, contestant.id, id)
  if (found === undefined) {
    const rounds = result.rounds.get(contestant.id)
    const failed = rounds !== undefined && rounds.every((one) => one === undefined)
    if (failed) return ['failed', '']
    return [rounds === undefined ? NOT_MEASURED : '', '']
  }
  const [first] = result.benchmark.contestants
  const ratio =
    first === undefined || first === contestant
      ? undefined
      : ratioOf(result, id, contestant.id, first.id)
  return [
    `${amount(found.median, unit)}${bounds(found)}`,
    ratio === undefined ? '1' : figure(ratio.median),
  ]
}

function measuresOf(benchmark: BenchmarkCase): [string, Measure][] {
  return Object.entries(benchmark.measures)
}

/** A table of Markdown, its columns padded so that it can be read in a terminal, too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
