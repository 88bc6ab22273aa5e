import { systemClock } from 'ecl-core'
import type { ReadRequest } from '../arguments.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { tellFault } from '../fault.ts'
import { readReport, withStore } from '../reading.ts'
import { StreamWatcher } from './stream-watcher.ts'
import { TerminalWatcher } from './terminal-watcher.ts'
import { watchWindow } from './watch-window.ts'

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Prints each window when it has ended, until a signal or nobody reads any more, which is the ordinary end.
 *
 * @returns the exit code; never rejects
 */
export async function runWatch(request: ReadRequest): Promise<ExitCode> {
  const ending = new AbortController()
  const end = () => ending.abort()
  const ended = new Promise<void>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve())
  })
  for (const signal of ENDING_SIGNALS) process.once(signal, end)
  const terminal =
    process.stdout.isTTY && request.format === undefined
      ? new TerminalWatcher(request, end)
      : undefined
  try {
    // What is largest may change: all events are followed, and chosen from when they are shown.
    const view = { ...request.view, top: undefined, sort: undefined }
    await withStore(request, async ({ store, windows }) => {
      const stream = terminal ?? (await StreamWatcher.create(request, end))
      const watching = windows.map((window) =>
        watchWindow({
          read: () => readReport(store, window, { ...request, view }),
          clock: systemClock,
          signal: ending.signal,
          watcher: stream instanceof TerminalWatcher ? stream.watcherFor(window) : stream.watcher(),
        }),
      )
      // A read may be under way for seconds; nobody waits for it.
      await Promise.race([ended, Promise.all(watching)])
    })
    await terminal?.leave()
    return EXIT.done
  } catch (caught) {
    await terminal?.leave()
    return tellFault(caught)
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, end)
  }
}
