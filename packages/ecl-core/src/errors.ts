import { types } from 'node:util'
import { withoutSecrets } from './secrets.ts'

/** What went wrong, for programs; the message says it for people. */
export type EclErrorCode =
  | 'CONFIG_INVALID'
  | 'UNKNOWN_GROUP'
  | 'UNKNOWN_INTERVAL'
  | 'STORE_UNAVAILABLE'
  | 'STORE_REFUSED'
  | 'READ_CONTENDED'
  | 'CLOSED'

/** The base of all errors of this library that a user can do something about. */
export class EclError extends Error {
  override readonly name: string = 'EclError'
  readonly code: EclErrorCode

  /**
   * @param code what went wrong
   * @param message what was found, where, what was expected, and what to do
   * @param options the error behind it, where there is one
   */
  constructor(code: EclErrorCode, message: string, options?: ErrorOptions) {
    super(withoutSecrets(message), options)
    this.code = code
  }
}

/** A config that cannot be used: all its faults at once. */
export class ConfigError extends EclError {
  override readonly name = 'ConfigError'
  /** One line each: `file:line: key.path: what was found; what was expected`. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super('CONFIG_INVALID', problems.join('\n'), options)
    this.problems = problems.map(withoutSecrets)
  }
}

/** A group that is not in the config. */
export class UnknownGroupError extends EclError {
  override readonly name = 'UnknownGroupError'

  constructor(group: string, known: readonly string[]) {
    const there = known.length === 0 ? 'there are no groups' : `there are: ${known.join(', ')}`
    super('UNKNOWN_GROUP', `group "${group}" is not in the configuration; ${there}`)
  }
}

/** An interval that the group does not have. Intervals are spelled exactly as configured. */
export class UnknownIntervalError extends EclError {
  override readonly name = 'UnknownIntervalError'

  constructor(group: string, interval: string, known: readonly string[]) {
    super(
      'UNKNOWN_INTERVAL',
      `interval "${interval}" is not configured for group "${group}"; there are: ${known.join(', ')}`,
    )
  }
}

/**
 * The store did not answer, or refused. Whether a command that was under way took effect is not known.
 *
 * `STORE_REFUSED` is a store that answered and will go on refusing until someone changes something (a password, an
 * access right, a wrong-typed key); `STORE_UNAVAILABLE` may pass by itself.
 */
export class StoreError extends EclError {
  override readonly name = 'StoreError'

  constructor(
    code: 'STORE_UNAVAILABLE' | 'STORE_REFUSED' | 'READ_CONTENDED' | 'CLOSED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** Narrows what was caught to an Error, once, at the edge. */
export function asError(caught: unknown): Error {
  // Errors of Node's own modules are no instances of a test runner's Error.
  if (caught instanceof Error || types.isNativeError(caught)) return caught
  return new Error(String(caught))
}

/** For a method that was called without its object, as by `const { log } = group`. @param example how to call it */
export function detachedError(example: string): TypeError {
  return new TypeError(
    `this method was taken off its object; call ${example}, or pass on (event) => ${example}`,
  )
}
