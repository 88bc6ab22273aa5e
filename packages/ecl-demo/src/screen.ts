import { ansiPaint, type Paint, plainPaint } from './render.ts'

/** Without a terminal, what is being waited for is said when nothing was printed for so long. */
const SILENCE_MS = 6000
const ERASE_LINE = '\r\u001b[K'

/** What a screen needs of a stream such as process.stdout. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

/** Where the demo prints: lines that stay, and on a terminal a last line that says what is going on. */
export class Screen {
  readonly paint: Paint
  readonly #out: Output
  readonly #live: boolean
  #status = ''
  #printedMs = performance.now()

  constructor(out: Output, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out
    this.#live = out.isTTY === true && env['TERM'] !== 'dumb'
    this.paint = this.#live && (env['NO_COLOR'] ?? '') === '' ? ansiPaint : plainPaint
  }

  /** Prints lines that stay. */
  print(text: string): void {
    const status = this.#status
    this.clear()
    this.#out.write(`${text}\n`)
    this.#printedMs = performance.now()
    if (status !== '') this.status(status)
  }

  /** Says what is being waited for. */
  status(text: string): void {
    if (this.#live) {
      this.#status = text
      // A line that wraps could not be erased.
      this.#out.write(
        `${ERASE_LINE}${this.paint.dim(text.slice(0, (this.#out.columns ?? 80) - 1))}`,
      )
    } else if (performance.now() - this.#printedMs > SILENCE_MS) this.print(`… ${text}`)
  }

  /** Takes the last line away. */
  clear(): void {
    if (this.#status !== '') this.#out.write(ERASE_LINE)
    this.#status = ''
  }
}
