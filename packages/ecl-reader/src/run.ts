import type { ReadRequest } from './arguments.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { tellFault } from './fault.ts'
import { formatNamed } from './formats/formats.ts'
import { masterNotice, unreadableNotice } from './notices.ts'
import { tell, writeOut } from './output.ts'
import { readReport, withStore } from './reading.ts'

/**
 * Reads what was asked for and prints it.
 *
 * @returns the exit code; never rejects
 */
export async function run(request: ReadRequest): Promise<ExitCode> {
  try {
    return await withStore(request, async ({ store, windows }) => {
      // At once: they share the connection, and so need no more round trips than one of them.
      const [format, ...reports] = await Promise.all([
        formatNamed(request.format ?? 'plain', request.all),
        ...windows.map((window) => readReport(store, window, request)),
      ])
      const { isTTY: terminal, columns } = process.stdout
      await writeOut(format(reports, { ...request, terminal, ...(columns > 0 && { columns }) }))
      for (const notice of [masterNotice, unreadableNotice]) {
        for (const report of reports) tell(notice(report))
      }
      return reports.every(({ unreadable }) => unreadable.length === 0) ? EXIT.done : EXIT.atFault
    })
  } catch (caught) {
    return tellFault(caught)
  }
}
