/** A failure that its message tells in full: no stack trace, exit code 1. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The user wants it to end: exit code 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
