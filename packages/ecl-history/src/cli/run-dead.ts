import { allThatCan, jsonText, tell, tellFaults, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { type DeadLetter, visible, type WindowQueue, type WindowRef } from 'ecl-core'
import type { Request, WindowsRequest } from '../arguments.ts'
import { instantIso } from '../query/time-text.ts'
import { selectSeries, seriesName } from './select-series.ts'
import { COMMAND, type QueueSession, withQueue } from './session.ts'

/** How many letters of each queue are read at once. */
const AT_ONCE = 1000

/** Lists entries that could not be archived, or puts them back. @returns the exit code; never rejects */
export function runDead(request: Extract<Request, { command: 'dead' }>): Promise<ExitCode> {
  return withQueue(request.config, (session) => {
    const windows = windowsOf(session, request)
    return request.replay
      ? replay(session, windows, request.ids)
      : list(session, windows, request.json)
  })
}

function windowsOf({ groups }: QueueSession, request: WindowsRequest): WindowRef[] {
  return selectSeries(groups, [], request).flatMap(({ spec: group, interval }) =>
    group === undefined ? [] : [{ group, interval }],
  )
}

async function list(
  { queue }: QueueSession,
  windows: readonly WindowRef[],
  json: boolean,
): Promise<ExitCode> {
  const { letters, faults } = await lettersOf(queue, windows)
  await writeOut(letters.map(json ? jsonLine : plainLine).join(''))
  if (letters.length >= AT_ONCE)
    tell(`${COMMAND}: there may be more; these are the oldest ${AT_ONCE} of each interval`)
  return faults.length === 0 ? EXIT.done : tellFaults(COMMAND, faults, 'series')
}

/** Reads the letters of each queue by itself: one that cannot be read must not hide the others. */
async function lettersOf(queue: WindowQueue, windows: readonly WindowRef[]) {
  const { found, faults } = await allThatCan(windows, seriesName, (ref) =>
    queue.deadLetters([ref], AT_ONCE),
  )
  return { letters: found.flat().sort((a, b) => a.rejectedMs - b.rejectedMs), faults }
}

async function replay(
  { queue }: QueueSession,
  windows: readonly WindowRef[],
  ids: readonly string[],
): Promise<ExitCode> {
  const left = new Set(ids)
  let replayed = 0
  // What is put back may come again while this goes on, and would be put back for ever.
  const beganMs = Date.now()
  let faults: Awaited<ReturnType<typeof lettersOf>>['faults']
  for (;;) {
    const found = await lettersOf(queue, windows)
    const { letters } = found
    faults = found.faults
    const wanted = letters.filter(
      ({ id, rejectedMs }) => (ids.length === 0 && rejectedMs <= beganMs) || left.has(id),
    )
    for (const letter of wanted) {
      if (await queue.replay(letter)) replayed++
      left.delete(letter.id)
    }
    if (wanted.length === 0 || letters.length < AT_ONCE) break
  }
  await writeOut(`put back: ${replayed}\n`)
  for (const id of left)
    tell(`${COMMAND}: there is no dead letter "${id}"; dead list names those that there are`)
  if (faults.length > 0) return tellFaults(COMMAND, faults, 'series')
  return left.size === 0 ? EXIT.done : EXIT.atFault
}

function plainLine({ id, ref, window, error }: DeadLetter): string {
  const start = window === undefined ? 'unreadable' : instantIso(window.start, 'UTC')
  const line = `${id} ${ref.group.name} ${ref.interval.spec} ${start}: ${error.replace(/\s+/g, ' ')}`
  return `${process.stdout.isTTY ? visible(line) : line}\n`
}

function jsonLine({ id, ref, window, error, rejectedMs }: DeadLetter): string {
  return `{${[
    `"id":${jsonText(id)}`,
    `"group":${jsonText(ref.group.name)}`,
    `"interval":${jsonText(ref.interval.spec)}`,
    `"start":${window?.start ?? null}`,
    `"events":${window?.counts.size ?? null}`,
    `"total":${window?.total ?? null}`,
    `"rejectedMs":${rejectedMs}`,
    `"error":${jsonText(error)}`,
  ].join()}}\n`
}
