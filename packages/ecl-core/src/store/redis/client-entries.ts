import type { ChainableCommander, Redis } from 'ioredis'
import type { GroupSpec } from '../../group-spec.ts'
import type { ClientAccount } from '../counter-store.ts'
import { clientsKey } from './keys.ts'
import { asArray, parseAccounts } from './replies.ts'

/** About how many entries one command reads: some 3 ms of the server's time. */
const ENTRIES_AT_ONCE = 2500
/**
 * A group with more is taken for one that a neighbour has written to. What is no client's is removed by and by, see
 * apply.lua; until then, nobody fills his memory with it, or keeps the server from its work.
 */
const MAX_CLIENTS = 100_000
const FROM_THE_START = '0'

/** The clients of a group; undefined where something else is in their place. */
export type Clients = readonly ClientAccount[] | 'too many' | undefined

/** The first of a group's clients. */
export interface FirstClients {
  readonly clients: readonly ClientAccount[] | undefined
  /** Whether there are more. */
  readonly isCut: boolean
}

/** Asks for the first clients, which are all where there are not so many. */
export function askForClients(multi: ChainableCommander, group: GroupSpec): void {
  multi.hscan(clientsKey(group), FROM_THE_START, 'COUNT', ENTRIES_AT_ONCE)
}

/** The reply to that, or read.lua's; undefined or null where something else is in the place of the clients. */
export function parseFirstClients(reply: unknown): FirstClients {
  if (reply === undefined || reply === null) return { clients: undefined, isCut: false }
  const [cursor, entries] = asArray('HSCAN', reply)
  return { clients: parseAccounts(entries), isCut: String(cursor) !== FROM_THE_START }
}

/**
 * Reads all clients, some at a time: an entry is as it was at some instant between call and answer. Where that is to say
 * what is in the counts, they have to be read afterwards.
 *
 * @param answered called after each reply
 */
export async function readAllClients(
  redis: Redis,
  answered: () => void,
  group: GroupSpec,
): Promise<Clients> {
  const found = new Map<string, ClientAccount>()
  let cursor = FROM_THE_START
  for (let looked = 0; looked < MAX_CLIENTS; looked += ENTRIES_AT_ONCE) {
    const reply = await redis.hscan(clientsKey(group), cursor, 'COUNT', ENTRIES_AT_ONCE)
    answered()
    // One may come twice; the later word is the newer one.
    for (const account of parseAccounts(reply[1])) found.set(account.clientId, account)
    cursor = reply[0]
    if (cursor === FROM_THE_START) return [...found.values()].sort(byId)
  }
  return 'too many'
}

function byId(a: ClientAccount, b: ClientAccount): number {
  return a.clientId < b.clientId ? -1 : 1
}
