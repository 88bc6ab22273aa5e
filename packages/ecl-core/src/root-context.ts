import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs something in the asynchronous context in which this module was loaded.
 *
 * Node hands the context of whoever makes a timer, a socket, a thread or a promise on to all that comes of it. What
 * outlives a call is made in here: otherwise the first request that counts would be kept for as long as the process
 * lives, with its user and its trace, and whatever is logged later would be taken for its own.
 */
export const inRootContext: <T>(work: () => T) => T = AsyncLocalStorage.snapshot()
