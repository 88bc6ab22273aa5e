import { eventIdProblem, type GroupConfig } from 'ecl-core'

/** Why a text cannot be logged into a group, in words that complete `"x" …`; undefined when it can. */
export type EventCheck = (event: string) => string | undefined

/** Makes the check for a group. */
export function eventCheck(group: GroupConfig): EventCheck {
  const declared = new Set(group.events)
  return (event) => {
    if (declared.has(event)) return undefined
    const problem = eventIdProblem(event)
    if (problem !== undefined) return problem
    return group.auto_declare_events ? undefined : 'is not declared'
  }
}
