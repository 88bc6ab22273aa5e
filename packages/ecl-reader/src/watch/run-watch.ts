import { setMaxListeners } from 'node:events'
import { tellFault } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { systemClock, type WindowRef } from 'ecl-core'
import type { ReadRequest } from '../arguments.ts'
import { readReport, withStore } from '../reading.ts'
import { StreamWatcher } from './stream-watcher.ts'
import { type PastReader, TerminalWatcher } from './terminal-watcher.ts'
import { watchWindow } from './watch-window.ts'

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Prints each window when it has ended, until a signal or nobody reads any more, which is the ordinary end.
 *
 * @returns the exit code; never rejects
 */
export async function runWatch(request: ReadRequest): Promise<ExitCode> {
  const ending = new AbortController()
  // Each window waits for it: Node would take more than ten for a leak, and warn.
  setMaxListeners(0, ending.signal)
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
    await withStore(request, async ({ store, windows, history }) => {
      const stream = terminal ?? (await StreamWatcher.create(request, end))
      const start = { seen: false }
      const watching = windows.map((window) =>
        watchWindow({
          start,
          read: () => readReport(store, window, { ...request, view }),
          clock: systemClock,
          signal: ending.signal,
          watcher:
            stream instanceof TerminalWatcher
              ? stream.watcherFor(window, pastReader(history, window))
              : stream.watcher(),
        }),
      )
      // A read may be under way for seconds; nobody waits for it.
      await Promise.race([ended, Promise.all(watching)])
    })
    await terminal?.leave()
    return EXIT.done
  } catch (caught) {
    await terminal?.leave()
    return tellFault('ecl-reader', caught)
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, end)
  }
}

/** Reads from the history, where there is one, which is loaded with the first question. */
function pastReader(history: string | undefined, window: WindowRef): PastReader | undefined {
  if (history === undefined) return undefined
  return async (range) => {
    const { readPast } = await import('../apart/past-windows.ts')
    const [windows = new Map()] = await readPast(history, [[window, range]])
    return windows
  }
}
