/** Exit codes, which all commands share. */
export const EXIT = { done: 0, atFault: 1, usage: 2, unreachable: 3, incomplete: 4 } as const

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
