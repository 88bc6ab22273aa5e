import { allThatCan, type GroupFault } from 'ecl-command'
import type { QueueState, WindowQueue, WindowRef } from 'ecl-core'
import { seriesName } from '../cli/select-series.ts'

/** Reads the state of each queue by itself: one that cannot be read must not hide the others. */
export function statesOf(
  queue: WindowQueue,
  windows: readonly WindowRef[],
): Promise<{ found: [WindowRef, QueueState][]; faults: GroupFault[] }> {
  return allThatCan(windows, seriesName, async (ref): Promise<[WindowRef, QueueState]> => {
    const [state] = await queue.state([ref])
    if (state === undefined) throw new Error('bug: a queue without a state')
    return [ref, state]
  })
}

/** What is known of a queue and of those who work on it, as lines for people. */
export function stateLines({ group, interval }: WindowRef, state: QueueState): string[] {
  const { length, pending, lagMs, archived, rejected, dropped, dead, archivers } = state
  const waiting = length === 0 ? 'nothing waits' : `${countOf(length, 'entry', 'entries')} waiting`
  const behind = length === 0 ? '' : `, ${pending} of them under way, ${seconds(lagMs)} behind`
  const done = `${archived} archived, ${rejected} rejected, ${dropped} dropped`
  const letters = dead === 0 ? '' : `, ${countOf(dead, 'dead letter', 'dead letters')}`
  return [
    `${group.name} ${interval.spec}: ${waiting}${behind}; ${done}${letters}`,
    ...archivers.map(
      ({ name, pending: held, idleMs }) =>
        `  archiver ${name}: ${held} under way, heard ${seconds(idleMs)} ago`,
    ),
  ]
}

/** The same over all queues, for a line of a log. */
export function totalState(states: readonly QueueState[]) {
  const sum = (of: (state: QueueState) => number) =>
    states.reduce((total, state) => total + of(state), 0)
  return {
    waiting: sum(({ length }) => length),
    pending: sum(({ pending }) => pending),
    lagSeconds: Math.round(Math.max(0, ...states.map(({ lagMs }) => lagMs)) / 1000),
    archived: sum(({ archived }) => archived),
    rejected: sum(({ rejected }) => rejected),
    dropped: sum(({ dropped }) => dropped),
    dead: sum(({ dead }) => dead),
    idleMs: Object.fromEntries(
      states.flatMap(({ archivers }) => archivers.map(({ name, idleMs }) => [name, idleMs])),
    ),
  }
}

function countOf(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
