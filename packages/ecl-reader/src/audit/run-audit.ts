import { allThatCan, cutTo, tell, tellFault, tellFaults, timeText, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import type { AuditRequest } from '../arguments.ts'
import { withStore } from '../reading.ts'
import { booksOf, type GroupBooks } from './books.ts'
import { booksJson, booksTable, verdictText } from './books-text.ts'

/** How many silent loggers a notice lists, and how much of a name that somebody else has written. */
const MAX_NAMES = 10
const MAX_NAME_COLUMNS = 100

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
      for (const one of books) {
        tell(unbalancedNotice(one))
        tell(silenceNotice(one, config))
      }
      if (faults.length > 0) return tellFaults('ecl-reader', faults)
      return books.every(({ balanced }) => balanced) ? EXIT.done : EXIT.incomplete
    })
  } catch (caught) {
    return tellFault('ecl-reader', caught)
  }
}

function unbalancedNotice(books: GroupBooks): string | undefined {
  if (books.missing === 0 && books.surplus === 0) return undefined
  const meanings = [
    ...(books.missing > 0 ? ['what is missing was logged, and the store has lost it'] : []),
    ...(books.surplus > 0 ? ['what is too much was counted twice, or the books changed'] : []),
  ]
  return `ecl-reader: group "${books.group}": ${verdictText(books)}; ${meanings.join('; ')}`
}

/** Names the loggers whose books end before they did. */
function silenceNotice({ group, silent }: GroupBooks, config: string): string | undefined {
  if (silent.length === 0) return undefined
  const heard = silent
    .slice(0, MAX_NAMES)
    .map(
      ({ clientId, lastHeard }) => `${cutTo(clientId, MAX_NAME_COLUMNS)} at ${timeText(lastHeard)}`,
    )
  const more = silent.length > MAX_NAMES ? [`and ${silent.length - MAX_NAMES} more`] : []
  const [who, what] =
    silent.length === 1 ? ['1 logger has', 'it'] : [`${silent.length} loggers have`, 'they']
  return (
    `ecl-reader: group "${group}": ${who} fallen silent without a farewell, last heard: ${[...heard, ...more].join(', ')}; ` +
    `what ${what} counted after that is unknown; to accept that: ecl-master ${config} acknowledge LOGGER`
  )
}
