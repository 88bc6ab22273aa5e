import { writeOut } from 'ecl-command'
import type { WindowRef } from 'ecl-core'
import type { PastRange, PastWindows } from '../apart/past-windows.ts'
import type { ReadRequest } from '../arguments.ts'
import { History } from './history.ts'
import { screen } from './screen.ts'
import type { Watcher } from './watch-window.ts'

/** The other screen, so that what was on the terminal comes back; and no cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'

/** Reads windows of a time in which nobody watched. */
export type PastReader = (range: PastRange) => Promise<PastWindows>

/** Shows windows on the terminal, and gives it back as it was. */
export class TerminalWatcher {
  readonly #request: ReadRequest
  readonly #onClosed: () => void
  readonly #histories: History[] = []
  readonly #troubles = new Map<History, string>()
  #entered = false

  /** @param onClosed called when the terminal has gone */
  constructor(request: ReadRequest, onClosed: () => void) {
    this.#request = request
    this.#onClosed = onClosed
  }

  /** Takes over the terminal; at the first window, so that an error before it stays in sight. */
  #enter(): void {
    if (this.#entered) return
    this.#entered = true
    process.stdout.on('resize', this.#draw)
    process.on('SIGTSTP', this.#suspend)
    process.on('SIGCONT', this.#resume)
    this.#write(ENTER)
  }

  /** Gives the terminal back. */
  async leave(): Promise<void> {
    if (!this.#entered) return
    this.#entered = false
    process.stdout.off('resize', this.#draw)
    process.off('SIGTSTP', this.#suspend)
    process.off('SIGCONT', this.#resume)
    await writeOut(LEAVE)
  }

  /**
   * Makes room for one window.
   *
   * @param past tells of the windows from before the first that is seen; undefined where nobody knows
   */
  watcherFor({ interval }: WindowRef, past: PastReader | undefined): Watcher {
    const history = new History(interval.seconds)
    let asked = past === undefined
    this.#histories.push(history)
    return {
      onWindow: (report) => {
        history.add(report)
        this.#enter()
        this.#draw()
        const { before } = history
        if (asked || before === undefined) return
        asked = true
        // Without them the curve grows from now on, as it does without a history.
        void past?.(before).then(
          (windows) => {
            history.fill(windows)
            this.#draw()
          },
          () => undefined,
        )
      },
      onTrouble: (message) => {
        if (this.#troubles.get(history) === message) return
        if (message === undefined) this.#troubles.delete(history)
        else this.#troubles.set(history, message)
        this.#enter()
        this.#draw()
      },
    }
  }

  readonly #draw = (): void => {
    if (!this.#entered) return
    // 0 is what a terminal says that does not know.
    const columns = process.stdout.columns || 80
    const rows = process.stdout.rows || 24
    const [trouble] = this.#troubles.values()
    const { view, rate } = this.#request
    const lines = screen({ histories: this.#histories, trouble, view, rate, columns, rows })
    // Each line is emptied before it is written: after a full one, the cursor stands on its last character.
    this.#write(`\x1b[H${lines.map((line) => `\x1b[2K${line}`).join('\r\n')}\r\n\x1b[J`)
  }

  /** Ctrl-Z: the shell gets the terminal as it was. */
  readonly #suspend = (): void => {
    void writeOut(LEAVE).then(() => process.kill(process.pid, 'SIGSTOP'))
  }

  readonly #resume = (): void => {
    this.#write(ENTER)
    this.#draw()
  }

  #write(text: string): void {
    void writeOut(text).then((written) => {
      if (!written) this.#onClosed()
    }, this.#onClosed)
  }
}
