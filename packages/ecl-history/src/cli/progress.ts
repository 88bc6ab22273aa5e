import { SingleBar } from 'cli-progress'

/** Shows on a terminal how far a long work is. */
export interface Progress {
  /** @param done of what was said at the start */
  update(done: number): void
  stop(): void
}

const SILENT: Progress = { update() {}, stop() {} }

/**
 * Shows a bar on stderr, where that is a terminal.
 *
 * @param what is done, in a word or two
 * @param total how much is to be done; undefined where nobody knows
 */
export function openProgress(what: string, total: number | undefined): Progress {
  if (!process.stderr.isTTY || total === undefined) return SILENT
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${what} {bar} {percentage}% | {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 100,
  })
  bar.start(Math.max(1, total), 0)
  return { update: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() }
}
