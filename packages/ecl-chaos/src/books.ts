import type { CounterStore } from 'ecl-core'
import type { Finding } from './checks.ts'
import type { LoggerTruth } from './truth.ts'

/** What the store knows of one client. */
export type Account = Awaited<ReturnType<CounterStore['accounts']>>['clients'][number]

/**
 * The books that the store keeps of its clients balance, and say what the loggers themselves have written down.
 *
 * @param accounts by group
 */
export function checkBooks(
  accounts: ReadonlyMap<string, readonly Account[]>,
  loggers: readonly LoggerTruth[],
): Finding[] {
  const findings: Finding[] = []
  const find = (group: string, { clientId }: Account, what: string) => {
    findings.push({ check: 'books', message: `group "${group}", client ${clientId}: ${what}` })
  }
  const owners = new Map(
    loggers.flatMap((logger) =>
      Array.from(logger.clients, ([client, group]) => [`${group} ${client}`, logger]),
    ),
  )
  for (const [group, clients] of accounts) {
    for (const account of clients) {
      const logger = owners.get(`${group} ${account.clientId}`)
      if (logger === undefined) {
        find(group, account, 'nobody knows it')
        continue
      }
      const total = logger.loggedEvents.get(group) ?? 0
      const { applied, closed, logged, refused, unsent } = account
      if (applied > total) find(group, account, `${applied} applied of ${total}`)
      // What a crash has taken away from one that was gone is not in its books either.
      if (!closed || logger.ended?.killed === true) continue
      if (logged !== applied + refused + unsent) {
        find(
          group,
          account,
          `${logged} logged, ${applied} applied, ${refused} refused, ${unsent} unsent`,
        )
      }
      if (unsent !== 0) find(group, account, `${unsent} unsent when it closed`)
      if (logged !== total)
        find(group, account, `${logged} logged by the books, ${total} by itself`)
    }
  }
  return findings
}
