import { allThatCan, tell, tellFault, tellFaults, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { systemClock, type WindowRef } from 'ecl-core'
import type { ReadRequest } from './arguments.ts'
import { type AwaitedReport, awaitComplete } from './complete/await-complete.ts'
import { formatNamed } from './formats/formats.ts'
import { masterNotice, searchNotice, shortfallNotice, unreadableNotice } from './notices.ts'
import { readReport, type Session, withStore } from './reading.ts'

/**
 * Reads what was asked for and prints it: of many windows, those that can be read.
 *
 * @returns the exit code; never rejects
 */
export async function run(request: ReadRequest): Promise<ExitCode> {
  try {
    return await withStore(request, async ({ store, windows }) => {
      // At once: they share the connection, and so need no more round trips than one of them.
      const [format, { found: awaited, faults }] = await Promise.all([
        formatNamed(request.format ?? 'plain', request.all),
        allThatCan(windows, nameOfGroup, (window) => readAwaited(store, window, request)),
      ])
      const reports = awaited.map(({ report }) => report)
      const { isTTY: terminal, columns } = process.stdout
      await writeOut(format(reports, { ...request, terminal, ...(columns > 0 && { columns }) }))
      for (const { report, shortfall } of awaited) {
        tell(shortfall === undefined ? masterNotice(report) : shortfallNotice(report, shortfall))
      }
      for (const report of reports) tell(unreadableNotice(report))
      for (const notice of new Set(reports.map(searchNotice))) tell(notice)
      if (faults.length > 0) return tellFaults('ecl-reader', faults)
      if (reports.some(({ unreadable }) => unreadable.length > 0)) return EXIT.atFault
      return awaited.some(({ shortfall }) => shortfall !== undefined) ? EXIT.incomplete : EXIT.done
    })
  } catch (caught) {
    return tellFault('ecl-reader', caught)
  }
}

function nameOfGroup({ group }: WindowRef): string {
  return group.name
}

async function readAwaited(
  store: Session['store'],
  window: WindowRef,
  request: ReadRequest,
): Promise<AwaitedReport> {
  const read = () => readReport(store, window, request)
  const { completeWithinMs: withinMs } = request
  if (withinMs === undefined) return { report: await read(), shortfall: undefined }
  return awaitComplete({ read, withinMs, clock: systemClock })
}
