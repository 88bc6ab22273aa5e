import { asError, ConfigError, StoreError } from 'ecl-core'
import { EXIT, type ExitCode } from './exit.ts'
import { tell } from './output.ts'

/** Says in a command's name what went wrong, and which exit code that is. */
export function tellFault(command: string, caught: unknown): ExitCode {
  const { message } = asError(caught)
  // A fault of the config opens with the file's name and line.
  tell(caught instanceof ConfigError ? message : `${command}: ${message}`)
  return exitCodeOf(caught)
}

function exitCodeOf(caught: unknown): ExitCode {
  return caught instanceof StoreError ? EXIT.unreachable : EXIT.atFault
}

/** What has gone wrong with one group, of many that were asked for. */
export interface GroupFault {
  readonly group: string
  readonly error: unknown
}

/**
 * Says what has gone wrong with some groups, once for each.
 *
 * @param faults one at least
 * @param what is named: a group, or one interval of it
 * @returns the exit code for the first of them
 */
export function tellFaults(
  command: string,
  faults: readonly GroupFault[],
  what: 'group' | 'series' = 'group',
): ExitCode {
  const byGroup = new Map(faults.map((fault) => [fault.group, fault.error]))
  for (const [group, error] of byGroup) {
    tell(`${command}: ${what} "${group}" is left out: ${asError(error).message}`)
  }
  return exitCodeOf(faults[0]?.error)
}

/**
 * Does something for each of many groups, and is content with some: one that cannot be read must not hide the others.
 *
 * @param groupOf names the group in what is said of it
 * @returns what was found, in their order
 * @throws what the first has thrown, where all have failed
 */
export async function allThatCan<T, R>(
  items: readonly T[],
  groupOf: (item: T) => string,
  read: (item: T) => Promise<R>,
): Promise<{ found: R[]; faults: GroupFault[] }> {
  const found: R[] = []
  const faults: GroupFault[] = []
  const outcomes = await Promise.allSettled(items.map(read))
  for (const [index, item] of items.entries()) {
    const outcome = outcomes[index]
    if (outcome?.status === 'fulfilled') found.push(outcome.value)
    else faults.push({ group: groupOf(item), error: outcome?.reason })
  }
  if (found.length === 0 && faults.length > 0) throw faults[0]?.error
  return { found, faults }
}
