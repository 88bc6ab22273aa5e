import { cutTo, jsonText, padEnd, printable, widest } from 'ecl-command'
import type { ClientBooks, GroupBooks, Sums } from './books.ts'

const GAP = '  '
const LONGEST_NAME = 60
const SUMS = ['logged', 'applied', 'unsent', 'refused', 'late', 'replayed', 'difference'] as const

/** A table for each group, for people. Safe for a terminal. */
export function booksTable(groups: readonly GroupBooks[]): string {
  return groups.map(groupTable).join('\n')
}

/** A line of JSON for each group, for programs. */
export function booksJson(groups: readonly GroupBooks[]): string {
  return groups.map((books) => `${groupJson(books)}\n`).join('')
}

/** Whether a group's books balance, in words. Those of a logger that is alive go on, or end here if it was killed just now. */
export function verdictText({ clients, missing, surplus, silent, balanced }: GroupBooks): string {
  if (balanced) {
    const alive = clients.filter(({ state }) => state === 'alive').length
    return alive === 0 ? 'balanced' : `balanced so far, ${loggersText(alive)} alive`
  }
  const texts = [
    ...(missing > 0 ? [`${missing} ${missing === 1 ? 'event' : 'events'} missing`] : []),
    ...(surplus > 0 ? [`${surplus} ${surplus === 1 ? 'event' : 'events'} too many`] : []),
    ...(silent.length > 0 ? [`${loggersText(silent.length)} silent`] : []),
  ]
  return texts.join(', ')
}

function groupTable(books: GroupBooks): string {
  const { group, clients, total } = books
  const name = printable(group)
  if (clients.length === 0) return `${name}: no loggers known\n`
  const rows: readonly (readonly string[])[] = [
    ['logger', 'heard', 'state', ...SUMS],
    ...clients.map(clientRow),
    ['total', '', '', ...SUMS.map((sum) => String(total[sum]))],
  ]
  const widths = (rows[0] ?? []).map((_head, column) =>
    widest(rows.map((cells) => cells[column] ?? '')),
  )
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        // Texts to the left, numbers to the right.
        return column === 0 || column === 2 ? padEnd(cell, width) : cell.padStart(width)
      })
      .join(GAP)
      .trimEnd(),
  )
  return [`${name}, ${loggersText(clients.length)}: ${verdictText(books)}`, ...lines, ''].join('\n')
}

function loggersText(count: number): string {
  return count === 1 ? '1 logger' : `${count} loggers`
}

function clientRow(client: ClientBooks): string[] {
  const { clientId, ageSeconds, state } = client
  return [
    cutTo(printable(clientId), LONGEST_NAME),
    ageText(ageSeconds),
    state,
    ...SUMS.map((sum) => String(client[sum])),
  ]
}

/** How long ago something was, in the largest unit there is more than one of: `3s`, `90s`, `2m`, `5h`, `3d`. */
function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

function groupJson({
  group,
  storeTimeMs,
  clients,
  total,
  missing,
  surplus,
  silent,
  balanced,
}: GroupBooks): string {
  const fields = [
    `"group":${jsonText(group)}`,
    `"at":${Math.round(storeTimeMs) / 1000}`,
    `"balanced":${balanced}`,
    `"missing":${missing}`,
    `"surplus":${surplus}`,
    `"silent":${silent.length}`,
    `"total":{${sumsJson(total)}}`,
    `"loggers":[${clients.map(clientJson).join()}]`,
  ]
  return `{${fields.join()}}`
}

function clientJson(client: ClientBooks): string {
  const { clientId, lastHeard, state } = client
  const head = `"logger":${jsonText(clientId)},"lastHeard":${lastHeard},"state":"${state}"`
  return `{${head},${sumsJson(client)}}`
}

function sumsJson(sums: Sums): string {
  return SUMS.map((sum) => `"${sum}":${sums[sum]}`).join()
}
