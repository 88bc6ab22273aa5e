import { allThatCan, tell, tellFault, tellFaults, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import type { AuditRequest } from '../arguments.ts'
import { withStore } from '../reading.ts'
import { booksOf, type GroupBooks } from './books.ts'
import { booksJson, booksTable, verdictText } from './books-text.ts'

/**
 * Prints the books of all loggers, and says whether they balance.
 *
 * @returns the exit code; never rejects
 */
export async function runAudit({ config, group, format }: AuditRequest): Promise<ExitCode> {
  try {
    const request = { config, group, interval: undefined, all: true }
    return await withStore(request, async ({ store, windows }) => {
      const groups = [...new Set(windows.map((window) => window.group))]
      const { found: books, faults } = await allThatCan(
        groups,
        ({ name }) => name,
        async (spec) => booksOf(spec.name, await store.accounts(spec)),
      )
      await writeOut(format === 'json' ? booksJson(books) : booksTable(books))
      for (const one of books) tell(unbalancedNotice(one))
      if (faults.length > 0) return tellFaults('ecl-reader', faults)
      return books.every(({ balanced }) => balanced) ? EXIT.done : EXIT.incomplete
    })
  } catch (caught) {
    return tellFault('ecl-reader', caught)
  }
}

function unbalancedNotice(books: GroupBooks): string | undefined {
  if (books.balanced) return undefined
  const meanings = [
    ...(books.missing > 0 ? ['what is missing was logged, and the store has lost it'] : []),
    ...(books.surplus > 0 ? ['what is too much was counted twice, or the books changed'] : []),
  ]
  return `ecl-reader: group "${books.group}": ${verdictText(books)}; ${meanings.join('; ')}`
}
