import {
  EclError,
  type GroupSpec,
  type GroupsConfig,
  resolveGroups,
  UnknownGroupError,
  UnknownIntervalError,
  type WindowRef,
} from 'ecl-core'

/** The window that is asked for, by names. */
export interface Selection {
  readonly group: string
  /** Undefined for the only one. */
  readonly interval: string | undefined
}

/**
 * Finds the group and the interval that are asked for.
 *
 * @throws UnknownGroupError, UnknownIntervalError, and EclError where one of several intervals has to be chosen
 */
export function select(
  groups: GroupsConfig,
  { group: name, interval: spec }: Selection,
): WindowRef {
  const group = groupNamed(groups, name)
  const known = group.intervals.map((one) => one.spec)
  if (spec === undefined && known.length > 1) {
    throw new EclError(
      'UNKNOWN_INTERVAL',
      `group "${name}" has several intervals; choose one with -i: ${known.join(', ')}`,
    )
  }
  const interval = group.intervals.find((one) => spec === undefined || one.spec === spec)
  if (interval === undefined) throw new UnknownIntervalError(name, spec ?? '', known)
  return { group, interval }
}

/**
 * Finds all windows of the group that is asked for, or of every group, in the interval that is asked for, or in every
 * one; groups without this interval are left out.
 *
 * @throws UnknownGroupError, UnknownIntervalError
 */
export function selectAll(
  groups: GroupsConfig,
  {
    group: name,
    interval: spec,
  }: { readonly group: string | undefined; readonly interval: string | undefined },
): WindowRef[] {
  const asked = name === undefined ? resolveGroups(groups) : [groupNamed(groups, name)]
  const windows = asked.flatMap((group) =>
    group.intervals.map((interval): WindowRef => ({ group, interval })),
  )
  if (spec === undefined) return windows
  const found = windows.filter(({ interval }) => interval.spec === spec)
  if (found.length === 0) {
    const known = [...new Set(windows.map(({ interval }) => interval.spec))]
    throw new UnknownIntervalError(name ?? '--all', spec, known)
  }
  return found
}

function groupNamed(groups: GroupsConfig, name: string): GroupSpec {
  const group = resolveGroups(groups).find((one) => one.name === name)
  if (group === undefined) throw new UnknownGroupError(name, Object.keys(groups))
  return group
}
