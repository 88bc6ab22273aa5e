import { asError, StoreError, stripSecrets } from 'ecl-core'
import { UnfitWindowError } from '../unfit-window-error.ts'

/** What an error means: what is wrong and what to do, to follow the database's name. */
interface PostgresProblem {
  readonly message: string
  /** Whether someone has to change something: it will not pass by itself. */
  readonly refuses: boolean
}

type Rule = readonly [message: string, refuses?: 'refuses']

const AWAY = 'cannot be reached; is it running, and are host and port right?'
const NO_PASSWORD = "refuses user or password; check history.store and the server's pg_hba.conf"
const NOT_OURS =
  'its tables are not as this program has made them; restore the schema ecl_history from a backup'

/** By SQLSTATE, or by its class: its first two characters. */
const STATES: Readonly<Record<string, Rule>> = {
  '28': [NO_PASSWORD, 'refuses'],
  '3D000': ['there is no such database; create it with "createdb", or check its name', 'refuses'],
  '42501': [
    'its user may not do that; the owner of the schema ecl_history may, and whoever is to make it needs CREATE on the database',
    'refuses',
  ],
  '42P01': [NOT_OURS, 'refuses'],
  '42703': [NOT_OURS, 'refuses'],
  '3F000': [NOT_OURS, 'refuses'],
  '25006': ['only lets itself be read; name the primary server, not a standby'],
  '40': ['has others at work on the same windows; it is tried again'],
  '53100': ['its disk is full; make room, nothing is lost meanwhile'],
  '53300': ['has too many connections; it is tried again'],
  '53': ['lacks memory or disk; see its log'],
  '55P03': ['has kept a table locked for seconds; waiting for it'],
  '57014': ['takes too long; see its log for what keeps it busy'],
  '57': ['is shutting down or starting; waiting for it'],
  '58': ['cannot use its disk; see its log'],
  XX: ['has a fault in its data or itself; see its log'],
}

/** What PgBouncer says, whose SQLSTATE is that of a broken connection. */
const POOLER_RULES: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [
    /unsupported startup parameter/i,
    'is behind a PgBouncer that refuses an option of history.store; remove it there, or add it to ' +
      'ignore_startup_parameters in pgbouncer.ini, see docs/history.md',
  ],
  [
    /statement pooling mode/i,
    'is behind a PgBouncer in statement mode; set pool_mode = transaction in pgbouncer.ini, see docs/history.md',
  ],
]

/** What Node says of a socket. */
const SOCKET_CODES: readonly string[] = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'EACCES'],
]
/** SQLSTATEs of data that no waiting makes fit: data exceptions, violated constraints, limits of PostgreSQL. */
const UNFIT_CLASSES: readonly string[] = ['22', '23', '54']

/** The SQLSTATE of an error, or Node's code. */
export function codeOf(caught: unknown): string | undefined {
  if (typeof caught !== 'object' || caught === null || !('code' in caught)) return undefined
  return typeof caught.code === 'string' ? caught.code : undefined
}

/** Says what an error means for the operator. */
function describeProblem(caught: unknown): PostgresProblem {
  const { message } = asError(caught)
  const code = codeOf(caught) ?? ''
  const found = STATES[code] ?? STATES[code.slice(0, 2)]
  if (found !== undefined) {
    const [meaning, refuses] = found
    return { message: `${meaning} (${message})`, refuses: refuses === 'refuses' }
  }
  if (/^SASL|password must be a string/.test(message)) {
    return { message: `${NO_PASSWORD} (${message})`, refuses: true }
  }
  const pooler = POOLER_RULES.find(([pattern]) => pattern.test(message))
  if (pooler !== undefined) return { message: `${pooler[1]} (${message})`, refuses: true }
  const isAway = code.startsWith('08') || SOCKET_CODES.includes(code)
  // pg has no codes for its own.
  if (isAway || /timeout|terminated|not queryable/i.test(message)) {
    return { message: `${AWAY} (${message === '' ? code : message})`, refuses: false }
  }
  return { message, refuses: false }
}

/**
 * The error that a history rejects with.
 *
 * @param database its name for people
 */
export function errorOf(caught: unknown, database: string): Error {
  if (caught instanceof UnfitWindowError || caught instanceof StoreError) return caught
  if (caught instanceof Error) stripSecrets(caught)
  const options = { cause: caught }
  if (UNFIT_CLASSES.includes(codeOf(caught)?.slice(0, 2) ?? '')) {
    return new UnfitWindowError(`PostgreSQL refuses it: ${asError(caught).message}`, options)
  }
  const { message, refuses } = describeProblem(caught)
  const code = refuses ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE'
  return new StoreError(code, `history in PostgreSQL ${database}: ${message}`, options)
}
