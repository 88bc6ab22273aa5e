import type { GroupSpec } from '../../group-spec.ts'
import type { Interval } from '../../interval.ts'

/** One half of an interval's keys. */
export type Part = 'cur' | 'last'

/** `<group>:<interval>:<cur|last>`: the hash of a window's counts, with layout `hash`. */
export function windowKey(group: GroupSpec, interval: Interval, part: Part): string {
  return `${group.name}:${interval.spec}:${part}`
}

/** What an event ID or a reserved name completes. */
function partPrefix(group: GroupSpec, interval: Interval, part: Part): string {
  return `${windowKey(group, interval, part)}:`
}

/** The key of one event's count. */
export function countKey(group: GroupSpec, interval: Interval, part: Part, event: string): string {
  return partPrefix(group, interval, part) + event
}

/** Start of the current or of the last window. */
export function startKey(group: GroupSpec, interval: Interval, part: Part): string {
  return `${partPrefix(group, interval, part)}@ts`
}

/** What our masters write beside the start of the current window; where it differs, another program rotated. */
export function writtenByKey(group: GroupSpec, interval: Interval): string {
  return `${partPrefix(group, interval, 'cur')}@by`
}

/** The set of all event IDs of a window; it may name more than exists. */
export function indexKey(group: GroupSpec, interval: Interval, part: Part): string {
  return `${partPrefix(group, interval, part)}@ids`
}

/** The sum of what loggers have put into a window that happened in it. */
export function sumKey(group: GroupSpec, interval: Interval, part: Part): string {
  return `${partPrefix(group, interval, part)}@sum`
}

/** When the latest counts were made that went into the window before their own, as nobody had turned it over. */
export function aheadKey(group: GroupSpec, interval: Interval): string {
  return `${partPrefix(group, interval, 'cur')}@ahead`
}

/** Which window `last` was published as, and whether that was the last word on it. */
export function publishedKey(group: GroupSpec, interval: Interval): string {
  return `${partPrefix(group, interval, 'last')}@published`
}

/**
 * What the names of a queue's keys begin with. No service may write them: no group's name begins with `@`, so what a user
 * may write of one, `name:*`, does not match. In a Cluster, they are where the group's other keys are.
 */
function queuePrefix(group: GroupSpec, interval: Interval): string {
  return `@history:${group.name}:${interval.spec}:`
}

/** The stream of windows that are to be archived. */
export function closedKey(group: GroupSpec, interval: Interval): string {
  return `${queuePrefix(group, interval)}closed`
}

/** The stream of windows that could not be archived. */
export function deadKey(group: GroupSpec, interval: Interval): string {
  return `${queuePrefix(group, interval)}dead`
}

/** The hash of what has become of the entries of a queue. */
export function queueKey(group: GroupSpec, interval: Interval): string {
  return `${queuePrefix(group, interval)}queue`
}

/** The mark that says whether programs that know of no index count events in a group. */
export function foreignKey(group: GroupSpec): string {
  return `${group.name}:@foreign`
}

/** The hash of all clients of a group. */
export function clientsKey(group: GroupSpec): string {
  return `${group.name}:@clients`
}

/** Whether a name in an event's place is none: its key would be a mark, a sum or the index itself. */
export function isReserved(name: string): boolean {
  return name.startsWith('@')
}

/** A count's key taken apart. */
export interface CountKeyParts {
  readonly group: string
  readonly interval: string
  readonly part: Part
  readonly event: string
}

/**
 * Takes a key apart that may be a count's: group and interval hold no colon, an event may.
 *
 * @returns undefined for any other key, reserved ones included
 */
export function parseCountKey(key: string): CountKeyParts | undefined {
  const match = /^([^:]+):([^:]+):(cur|last):([^@].*)$/su.exec(key)
  if (match === null) return undefined
  const [, group = '', interval = '', part, event = ''] = match
  return { group, interval, part: part === 'cur' ? 'cur' : 'last', event }
}

/** Writes a text so that a glob pattern matches it and nothing else. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]^\\-]/g, '\\$&')
}
