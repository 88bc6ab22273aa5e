import type { EventGroup } from 'ecl-core'
import { BadNames } from './bad-names.ts'
import type { EventCheck } from './event-check.ts'
import { type Lines, LineTally } from './line-tally.ts'

/** So many distinct names may wait in memory; then reading waits until they are stored. */
const MAX_WAITING_NAMES = 100_000

/** What logging lines needs. */
export interface LineLogging {
  readonly input: AsyncIterable<Buffer> & { destroy(): void }
  readonly group: Pick<EventGroup, 'log' | 'flush'>
  readonly check: EventCheck
  /** Says something to the user, such as which names are bad. */
  readonly tell: (message: string) => void
  /** Stops reading. */
  readonly signal: AbortSignal
}

/** What was read. */
export interface LoggedLines {
  /** Without empty ones. */
  readonly lines: number
  /** Of these: not counted, as they are no event of the group. */
  readonly bad: number
}

/**
 * Logs each line of a stream as an event, while it comes. The stream waits between chunks, so that the group can send
 * what it has, and for as long as too many names are unsent.
 *
 * @returns when the stream has ended, or reading was stopped; then a line that has only begun is not counted
 * @throws what reading throws; what came before is logged
 */
export async function logLines({
  input,
  group,
  check,
  tell,
  signal,
}: LineLogging): Promise<LoggedLines> {
  const tally = new LineTally()
  const badNames = new BadNames(tell)
  /** Distinct names since all was stored: no fewer than wait in memory. */
  const waiting = new Set<string>()
  let lines = 0
  const log = (taken: Lines) => {
    badNames.noteOverlong(taken.overlong)
    lines += taken.overlong
    for (const [event, { lines: n }] of taken.counts) {
      lines += n
      const problem = check(event)
      if (problem !== undefined) {
        badNames.note(event, problem, n)
        continue
      }
      group.log(event, n)
      waiting.add(event)
    }
  }
  for await (const chunk of untilStopped(input, signal)) {
    tally.push(chunk)
    log(tally.take())
    if (waiting.size < MAX_WAITING_NAMES) continue
    await group.flush({ signal })
    waiting.clear()
  }
  if (!signal.aborted) tally.end()
  log(tally.take())
  return { lines, bad: badNames.lines }
}

/** The chunks of a stream, to its end or until the signal. */
async function* untilStopped(
  input: LineLogging['input'],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stop = () => input.destroy()
  signal.addEventListener('abort', stop)
  try {
    yield* input
  } catch (caught) {
    // To be destroyed while somebody reads is an error for a stream, but not here.
    if (!signal.aborted) throw caught
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
