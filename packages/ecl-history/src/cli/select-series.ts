import {
  EclError,
  type EpochSeconds,
  type GroupSpec,
  type Interval,
  parseInterval,
  UnknownGroupError,
  UnknownIntervalError,
  type WindowRef,
} from 'ecl-core'
import type { HistorySeries } from '../store/history-store.ts'

/** One interval of one group, of the config or of a history that outlives it. */
export interface Series {
  readonly group: string
  readonly interval: Interval
  /** Undefined where the config does not name the group any more. */
  readonly spec: GroupSpec | undefined
  /** What is in SQL; undefined where nothing is. */
  readonly kept: HistorySeries | undefined
}

/** Which of them are meant. */
interface Names {
  /** Undefined for all. */
  readonly group: string | undefined
  readonly interval: string | undefined
}

/**
 * Finds all series that are asked for, of the config first.
 *
 * @throws UnknownGroupError, UnknownIntervalError
 */
export function selectSeries(
  groups: readonly GroupSpec[],
  kept: readonly HistorySeries[],
  { group, interval: spec }: Names,
): Series[] {
  const all = allSeries(groups, kept)
  const ofGroup = all.filter((one) => group === undefined || one.group === group)
  if (ofGroup.length === 0 && group !== undefined) {
    throw new UnknownGroupError(group, [...new Set(all.map((one) => one.group))])
  }
  if (spec === undefined) return ofGroup
  const found = ofGroup.filter(({ interval }) => interval.spec === spec)
  if (found.length === 0) {
    const known = [...new Set(ofGroup.map(({ interval }) => interval.spec))]
    throw new UnknownIntervalError(group ?? 'any group', spec, known)
  }
  return found
}

/** Finds the one that is asked for. @throws also EclError where one of several intervals has to be chosen */
export function selectOne(
  groups: readonly GroupSpec[],
  kept: readonly HistorySeries[],
  names: Names & { readonly group: string },
): Series {
  const [first, ...others] = selectSeries(groups, kept, names)
  if (first !== undefined && others.length === 0) return first
  const known = [first, ...others].map((one) => one?.interval.spec)
  throw new EclError(
    'UNKNOWN_INTERVAL',
    `group "${names.group}" has several intervals; choose one with -i: ${known.join(', ')}`,
  )
}

function allSeries(groups: readonly GroupSpec[], kept: readonly HistorySeries[]): Series[] {
  const keptOf = (group: string, spec: string) =>
    kept.find((one) => one.group === group && one.interval === spec)
  const configured = groups.flatMap((spec) =>
    spec.intervals.map((interval) => {
      return { group: spec.name, interval, spec, kept: keptOf(spec.name, interval.spec) }
    }),
  )
  const gone = kept.flatMap((one): Series[] => {
    const interval = parseInterval(one.interval)
    const known = configured.some(
      ({ group, interval: { spec } }) => group === one.group && spec === one.interval,
    )
    if (known || 'problem' in interval) return []
    return [{ group: one.group, interval, spec: undefined, kept: one }]
  })
  return [...configured, ...gone]
}

/** An interval of a group as messages name it. */
export function seriesName({ group, interval }: WindowRef): string {
  return `${group.name} ${interval.spec}`
}

/** The time of which there are, or were, windows of a series; undefined where nothing was ever archived. */
export function keptRange({ kept, interval }: Series) {
  if (kept === undefined) return undefined
  return { from: kept.first, to: (kept.last + interval.seconds) as EpochSeconds }
}
