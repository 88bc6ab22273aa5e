import type { Acknowledgement, ClientAccount, EpochSeconds } from 'ecl-core'
import type { Statements } from './counter-file.ts'
import type { AcknowledgeClientRequest } from './messages.ts'
import { numberIn, textIn } from './rows.ts'

/** What the column `closed` says besides 0. */
const CLOSED = 1
const ACKNOWLEDGED = 2

/** What is known of one client; undefined where it is not known. */
export function findClient(
  { findClient: statement }: Statements,
  group: string,
  id: string,
): ClientAccount | undefined {
  const row = statement.get({ group_name: group, id })
  return row === undefined ? undefined : accountOf(id, row)
}

/** What is known of all clients of a group, by their ids. */
export function listClients({ clients }: Statements, group: string): ClientAccount[] {
  return Array.from(clients.iterate({ group_name: group }), (row) =>
    accountOf(textIn(row, 'id'), row),
  )
}

/** Writes down what is known of a client. */
export function enterClient(statements: Statements, group: string, account: ClientAccount): void {
  const { clientId, lastUse, closed, acknowledged, lossUntil, ...same } = account
  statements.enterClient.run({
    ...{ group_name: group, id: clientId, last_use: lastUse },
    ...{ closed: closed ? CLOSED : acknowledged ? ACKNOWLEDGED : 0, loss_until: lossUntil },
    ...same,
  })
}

/** Writes down that a client which has fallen silent will say no more, and that this is known. */
export function acknowledgeClient(
  statements: Statements,
  { group, clientId, leaseSeconds }: AcknowledgeClientRequest,
  now: number,
): Acknowledgement {
  const account = findClient(statements, group, clientId)
  if (account === undefined) return 'unknown'
  if (account.closed) return 'closed'
  // Who was heard in what is still to come was heard before the clock went back.
  if (Math.abs(now - account.lastUse) < leaseSeconds) return 'alive'
  enterClient(statements, group, { ...account, acknowledged: true })
  return 'acknowledged'
}

function accountOf(clientId: string, row: unknown): ClientAccount {
  return {
    clientId,
    number: numberIn(row, 'number'),
    lastUse: numberIn(row, 'last_use') as EpochSeconds,
    closed: numberIn(row, 'closed') === CLOSED,
    acknowledged: numberIn(row, 'closed') === ACKNOWLEDGED,
    through: numberIn(row, 'through') as EpochSeconds,
    lossUntil: numberIn(row, 'loss_until') as EpochSeconds,
    logged: numberIn(row, 'logged'),
    applied: numberIn(row, 'applied'),
    unsent: numberIn(row, 'unsent'),
    refused: numberIn(row, 'refused'),
    late: numberIn(row, 'late'),
    replayed: numberIn(row, 'replayed'),
  }
}
