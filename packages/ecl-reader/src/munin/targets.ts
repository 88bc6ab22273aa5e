import { EclError, type GroupSpec, type Interval, UnknownIntervalError } from 'ecl-core'

/** One graph: a group's counts in windows of one length. */
export interface Target {
  /** How it was asked for, such as `requests_5m`; names it among the graphs of one plugin. */
  readonly name: string
  readonly group: GroupSpec
  readonly interval: Interval
}

/** What plugin-conf.d and the plugin's link say of the graphs. */
export interface Wanted {
  /** The name of the link: `ecl_requests`, `ecl_requests_5m`. */
  readonly link: string
  /** Groups, or groups with an interval, instead of what the link names; several with blanks between them. */
  readonly groups: string | undefined
  /** The interval of all that do not name one. */
  readonly interval: string | undefined
}

const LINK_PREFIX = /^.*?ecl_/
/** Munin asks every five minutes: windows of that length are all seen, and each once. */
const MUNIN_SECONDS = 300

/**
 * Finds the graphs that are wanted: what the environment names, else what the link does, else one for each group.
 *
 * @throws EclError for a name that is no group, nor one with an interval, and where there are no groups
 */
export function targetsOf(groups: readonly GroupSpec[], wanted: Wanted): Target[] {
  const names = new Set(wanted.groups?.split(/\s+/).filter((name) => name !== ''))
  const linked = LINK_PREFIX.test(wanted.link) ? wanted.link.replace(LINK_PREFIX, '') : ''
  if (names.size === 0 && linked !== '') names.add(linked)
  if (names.size === 0) for (const { name } of groups) names.add(name)
  if (names.size === 0) throw new EclError('UNKNOWN_GROUP', 'the configuration has no groups')
  return [...names].map((name) => targetOf(groups, name, wanted.interval))
}

/** An exact group's name wins, then the longest group with `_` and one of its intervals. */
function targetOf(
  groups: readonly GroupSpec[],
  name: string,
  interval: string | undefined,
): Target {
  const exact = groups.find((group) => group.name === name)
  if (exact !== undefined) {
    return { name, group: exact, interval: intervalOf(exact, interval) }
  }
  const pairs = groups
    .flatMap((group) => group.intervals.map((one) => ({ name, group, interval: one })))
    .filter((pair) => `${pair.group.name}_${pair.interval.spec}` === name)
  const [longest] = pairs.sort((a, b) => b.group.name.length - a.group.name.length)
  if (longest !== undefined) return longest
  const known = groups.map((group) => group.name).join(', ')
  throw new EclError(
    'UNKNOWN_GROUP',
    `"${name}" is neither a group of the configuration nor one with "_" and its interval; ` +
      `link the plugin as ecl_GROUP or ecl_GROUP_INTERVAL, or set env.group; groups: ${known}`,
  )
}

function intervalOf(group: GroupSpec, spec: string | undefined): Interval {
  if (spec === undefined) return bestInterval(group.intervals)
  const found = group.intervals.find((one) => one.spec === spec)
  if (found !== undefined) return found
  const known = group.intervals.map((one) => one.spec)
  throw new UnknownIntervalError(group.name, spec, known)
}

/** Five minutes, else the next longer one, of which no window is missed, else the longest there is. */
function bestInterval(intervals: readonly Interval[]): Interval {
  const sorted = [...intervals].sort((a, b) => a.seconds - b.seconds)
  const best = sorted.find(({ seconds }) => seconds >= MUNIN_SECONDS) ?? sorted.at(-1)
  if (best === undefined) throw new Error('bug: a group without intervals')
  return best
}

/** The wildcards that `munin-node-configure` is to link: the groups whose names a link can have. */
export function suggestions(groups: readonly GroupSpec[]): string[] {
  return groups.map(({ name }) => name).filter((name) => /^[-A-Za-z0-9_.:]+$/.test(name))
}
