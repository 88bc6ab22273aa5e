/** How many names are told; a stream of garbage should not fill a log. */
const MAX_TOLD = 100
/** How much of a name is shown. */
const MAX_SHOWN = 100

/** A refused name as messages show it: no longer than is of use. */
export function cutName(name: string): string {
  return name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name
}

/** Lines that are no event of the group: tells of each name once, and counts them all. */
export class BadNames {
  readonly #tell: (message: string) => void
  readonly #told = new Set<string>()
  #lines = 0
  #saidMore = false

  /** @param tell says something to the user */
  constructor(tell: (message: string) => void) {
    this.#tell = tell
  }

  /** How many lines there were so far. */
  get lines(): number {
    return this.#lines
  }

  /**
   * Notes some.
   *
   * @param why in words that complete `"x" …`
   */
  note(name: string, why: string, lines: number): void {
    this.#lines += lines
    this.#tellOnce(name, `event ${JSON.stringify(cutName(name))} ${why}; it is not counted`)
  }

  /** Notes lines that were too long to be kept. */
  noteOverlong(lines: number): void {
    if (lines === 0) return
    this.#lines += lines
    // No event's name: it would be empty.
    this.#tellOnce('', 'a line of more than 65,536 characters is no event; it is not counted')
  }

  #tellOnce(key: string, message: string): void {
    if (this.#told.has(key)) return
    if (this.#told.size < MAX_TOLD) {
      this.#told.add(key)
      this.#tell(message)
    } else if (!this.#saidMore) {
      this.#saidMore = true
      this.#tell('there are more such names; they are counted at the end')
    }
  }
}
