import { createHash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Batch } from './batch.ts'

/**
 * A machine or the memory of a process may be copied while it counts. Then two processes send batches under one client's id
 * and with the same numbers, and the store takes the first of each number for both. So each batch has a token besides its
 * number, and the store remembers the tokens of the last few batches of a client: by that, either of the two sees that a
 * batch of its number was not its own, takes an id of its own, and sends its batch under that.
 */

/** Characters of a token. */
const TOKEN_LENGTH = 4
/** How many tokens a store remembers of each client; as in apply.lua. */
const TOKENS_KEPT = 8
const TOKENS = 36 ** TOKEN_LENGTH

/** What the names of one process are made of; from outside only in tests. */
export interface Identity {
  /** An id for a client, which no other one has. */
  clientId(): string
  /** A token for a batch, which a batch of the same number in a copy of this process does not have. */
  token(): string
}

// A copy of a machine has the same random numbers before it. The moment, to the nanosecond, is another one.
export const ownIdentity: Identity = {
  clientId() {
    const moment = `${process.hrtime.bigint()} ${Date.now()}`
    const random = createHash('sha256').update(randomBytes(16)).update(moment).digest('hex')
    return `${hostname()}/${process.pid}/${random.slice(0, 16)}`
  },
  token() {
    const [, nanoseconds] = process.hrtime()
    const token = Math.floor(nanoseconds + Math.random() * TOKENS) % TOKENS
    return token.toString(36).padStart(TOKEN_LENGTH, '0')
  },
}

/** What a store knows of the batches of a client. */
export interface LastApplied {
  /** The number applied last; 0 for none. */
  readonly lastApplied: number
  /** The tokens of the batches up to that one, one behind the other; absent where the store keeps none. */
  readonly tokens?: string | undefined
}

/** The tokens as a store remembers them, once one more batch is applied. */
export function withToken(tokens: string, token: string): string {
  return `${tokens}${token}`.slice(-TOKEN_LENGTH * TOKENS_KEPT)
}

/** Whether a store has applied a batch, and not a twin's of the same number; `unknown` for one that is too long ago. */
export function fateOf(
  { number, token }: Pick<Batch, 'number' | 'token'>,
  { lastApplied, tokens = '' }: LastApplied,
): 'in' | 'out' | 'unknown' {
  if (number > lastApplied) return 'out'
  const end = tokens.length - (lastApplied - number) * TOKEN_LENGTH
  if (end < TOKEN_LENGTH) return 'unknown'
  return tokens.slice(end - TOKEN_LENGTH, end) === token ? 'in' : 'out'
}

/**
 * Whether an answer shows that another process counts under this client's id.
 *
 * @param reply to a batch that was not applied now
 * @param batch that batch
 * @param newest the one that has the highest number of all that this client has ever sent
 * @param kept what was acknowledged to this client, as far as that is remembered
 * @param isFirst whether `batch` was never sent before, so that the store cannot know it
 */
export function showsTwin(
  reply: LastApplied,
  batch: Batch,
  newest: Batch,
  kept: readonly Batch[],
  isFirst: boolean,
): boolean {
  if (fateOf(batch, reply) === 'in') return false
  if (reply.lastApplied > newest.number) return true
  // A store that keeps none.
  if (!reply.tokens) return isFirst && batch.number <= reply.lastApplied
  return [...kept, newest].some(
    (one) => one.number <= reply.lastApplied && fateOf(one, reply) === 'out',
  )
}
