import { type Accounts, type ClientAccount, LEASE_SECONDS } from 'ecl-core'

/**
 * How a logger was when it was last heard: `silent` where that is too long ago and it said no farewell, `acknowledged`
 * where somebody has said since that this is known.
 */
export type ClientState = 'alive' | 'silent' | 'acknowledged' | 'closed'

/** Sums of events, of one logger or of several. */
export interface Sums
  extends Pick<ClientAccount, 'logged' | 'applied' | 'unsent' | 'refused' | 'late' | 'replayed'> {
  /** What was logged and is nowhere: more than 0 where events are missing, less where there are too many. */
  readonly difference: number
}

/** One logger's books. */
export interface ClientBooks extends Sums {
  readonly clientId: string
  /** When it was last heard, seconds since the epoch. */
  readonly lastHeard: number
  /** How long ago that was, in whole seconds. */
  readonly ageSeconds: number
  readonly state: ClientState
}

/** The books of a group's loggers. */
export interface GroupBooks {
  readonly group: string
  readonly storeTimeMs: number
  readonly clients: readonly ClientBooks[]
  readonly total: Sums
  /** Events that loggers have logged, and that have not been counted. */
  readonly missing: number
  /** Events that have been counted, and that no logger has logged. */
  readonly surplus: number
  /** Loggers that fell silent, which nobody has acknowledged: what they counted after their last word is unknown. */
  readonly silent: readonly ClientBooks[]
  /** Whether nothing is missing, nothing is too much, and nobody is silent. */
  readonly balanced: boolean
}

const NOTHING: Sums = {
  logged: 0,
  applied: 0,
  unsent: 0,
  refused: 0,
  late: 0,
  replayed: 0,
  difference: 0,
}

/** Holds what loggers say that they have logged against what has been counted for them. */
export function booksOf(group: string, { storeTimeMs, clients: accounts }: Accounts): GroupBooks {
  const clients = accounts.map((account) => clientBooks(account, storeTimeMs))
  // One logger's surplus does not make up for what is missing of another.
  const missing = sumOf(clients, ({ difference }) => Math.max(0, difference))
  const surplus = sumOf(clients, ({ difference }) => Math.max(0, -difference))
  const silent = clients.filter(({ state }) => state === 'silent')
  const balanced = missing === 0 && surplus === 0 && silent.length === 0
  const total = totalOf(clients)
  return { group, storeTimeMs, clients, total, missing, surplus, silent, balanced }
}

function clientBooks(account: ClientAccount, storeTimeMs: number): ClientBooks {
  const { clientId, lastUse, logged, applied, unsent, refused, late, replayed } = account
  const ageSeconds = Math.max(0, Math.floor(storeTimeMs / 1000) - lastUse)
  return {
    clientId,
    lastHeard: lastUse,
    ageSeconds,
    state: stateOf(account, ageSeconds),
    ...{ logged, applied, unsent, refused, late, replayed },
    difference: logged - applied - unsent - refused,
  }
}

function stateOf({ closed, acknowledged }: ClientAccount, ageSeconds: number): ClientState {
  if (closed) return 'closed'
  if (acknowledged) return 'acknowledged'
  return ageSeconds < LEASE_SECONDS ? 'alive' : 'silent'
}

function totalOf(clients: readonly ClientBooks[]): Sums {
  return clients.reduce<Sums>(
    (sums, client) => ({
      logged: sums.logged + client.logged,
      applied: sums.applied + client.applied,
      unsent: sums.unsent + client.unsent,
      refused: sums.refused + client.refused,
      late: sums.late + client.late,
      replayed: sums.replayed + client.replayed,
      difference: sums.difference + client.difference,
    }),
    NOTHING,
  )
}

function sumOf(clients: readonly ClientBooks[], of: (client: ClientBooks) => number): number {
  return clients.reduce((sum, client) => sum + of(client), 0)
}
