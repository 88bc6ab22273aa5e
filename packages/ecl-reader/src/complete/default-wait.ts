/**
 * For how long `--complete` waits. A logger that has died is waited for until its lease ends, 10 s after its last word,
 * which was before the boundary; some seconds more, since a master may have to come back first.
 */
export const DEFAULT_WAIT_SECONDS = 15
