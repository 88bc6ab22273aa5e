import { isGlob, matches, tell, writeOut } from 'ecl-command'
import { asError } from 'ecl-core'
import type { Levels, ReadRequest } from '../arguments.ts'
import { readReport, withStore } from '../reading.ts'
import { check, unknown, type Verdict } from './check.ts'

/**
 * Answers as a monitoring plugin: one line on stdout.
 *
 * @returns the exit code of that world, also for faults: 3, UNKNOWN; never rejects
 */
export async function runCheck(request: ReadRequest, levels: Levels): Promise<Verdict['code']> {
  const verdict = await verdictOf(request, levels).catch((caught: unknown) =>
    unknown(asError(caught).message),
  )
  return answer(verdict)
}

/** Says that the command line is wrong. */
export async function refuseCheck(message: string): Promise<Verdict['code']> {
  return answer(unknown(message.replace(/^error: /, '')))
}

/** An answer that nobody can be given says nothing of the counts. */
async function answer({ text, code }: Verdict): Promise<Verdict['code']> {
  try {
    await writeOut(text)
    return code
  } catch (caught) {
    const { message } = asError(caught)
    tell(`ecl-reader: ${message}`)
    return unknown(message).code
  }
}

function verdictOf(request: ReadRequest, levels: Levels): Promise<Verdict> {
  return withStore(request, async ({ store, windows }) => {
    const [window] = windows
    if (window === undefined) throw new Error('nothing is asked for')
    const report = await readReport(store, window, request)
    const { events } = request.view
    const found = report.windows.flatMap(({ counts }) => counts.map(([event]) => event))
    const absent = events.filter(
      (glob) => isGlob(glob) && !found.some((event) => matches(glob, event)),
    )
    const [never] = absent
    if (never !== undefined && !window.group.dynamic) {
      throw new Error(`no event of group "${window.group.name}" matches "${never}"`)
    }
    return check(report, { ...levels, each: events.length > 0, absent, rate: request.rate })
  })
}
