import {
  EclError,
  type GroupSpec,
  type GroupsConfig,
  type Interval,
  resolveGroups,
  UnknownGroupError,
  UnknownIntervalError,
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
): { group: GroupSpec; interval: Interval } {
  const group = resolveGroups(groups).find((one) => one.name === name)
  if (group === undefined) throw new UnknownGroupError(name, Object.keys(groups))
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
