import { ConfigError } from '../../errors.ts'

/**
 * A client of ioredis, 5 or later: of one server, of what sentinels name, or of a cluster. Described by what is used of it,
 * since the program's copy of ioredis may be another version than ours.
 */
export interface IoredisClient {
  /** Such as `wait` or `ready`. */
  readonly status: string
  readonly isCluster: boolean
  readonly options: object
  call(...args: never[]): unknown
  duplicate(...args: never[]): unknown
}

/** Whether something is an ioredis client; by its looks, for the same reason. */
export function isIoredisClient(value: object): value is IoredisClient {
  const has = (name: keyof IoredisClient, type: string) => typeof Reflect.get(value, name) === type
  return (
    has('status', 'string') &&
    has('isCluster', 'boolean') &&
    has('options', 'object') &&
    has('call', 'function') &&
    has('duplicate', 'function')
  )
}

/**
 * Refuses what is neither a client of ioredis nor a mapping of options, such as a client of another library.
 *
 * @throws ConfigError that says what can be given instead
 */
export function refuseForeign(value: unknown): void {
  const isObject = typeof value === 'object' && value !== null
  if (isObject && (isIoredisClient(value) || isMapping(value))) return
  const found = isObject ? `an object of class ${className(value)}` : JSON.stringify(value)
  throw new ConfigError([
    `backend: ${found} is no client of ioredis 5 or later; give one, or the options of the connection, or a URL such as redis://host:6379/0, or, in tests, a MemoryStore of ecl-core/testing`,
  ])
}

/** Clients, promises and maps have methods; a mapping of options has none. */
function isMapping(value: object): boolean {
  const methods = ['duplicate', 'connect', 'sendCommand', 'multi', 'then', 'get']
  return (
    !Array.isArray(value) && !methods.some((name) => typeof Reflect.get(value, name) === 'function')
  )
}

function className(value: object): string {
  const { name }: { name?: unknown } = Object(Reflect.get(value, 'constructor'))
  return typeof name === 'string' && name !== '' ? name : 'unknown'
}
