import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { asError } from 'ecl-core'
import { fieldName } from './field-name.ts'
import type { Target } from './targets.ts'

/**
 * The events of a dynamic group that Munin has been told of. It drops what a config no longer names, and so would lose
 * the curve of an event that has not happened for a window.
 */
export class SeenEvents {
  readonly #file: string
  #text = ''

  /** @param directory MUNIN_PLUGSTATE, where the plugin's user may write */
  constructor(directory: string, { group, interval }: Pick<Target, 'group' | 'interval'>) {
    this.#file = path.join(directory, `ecl-${fieldName(group.name)}-${interval.spec}`)
  }

  /** In the order in which they were first seen. */
  async load(): Promise<string[]> {
    try {
      this.#text = await readFile(this.#file, 'utf8')
    } catch (caught) {
      if ((asError(caught) as NodeJS.ErrnoException).code !== 'ENOENT') throw caught
    }
    return parseEvents(this.#text)
  }

  /** Replaces the file in one step, so that a run that is killed, or one beside it, leaves and finds it whole. */
  async save(events: readonly string[]): Promise<void> {
    const text = formatEvents(events)
    if (text === this.#text) return
    const draft = `${this.#file}.${process.pid}.new`
    try {
      await mkdir(path.dirname(this.#file), { recursive: true })
      await writeFile(draft, text)
      await rename(draft, this.#file)
      this.#text = text
    } finally {
      await rm(draft, { force: true })
    }
  }
}

/** One JSON string a line: a name may hold anything, and a line can be deleted by hand. */
export function formatEvents(events: readonly string[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

/** What `formatEvents` has written; a line that someone has spoiled is left out. */
export function parseEvents(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    try {
      const event: unknown = JSON.parse(line)
      return typeof event === 'string' ? [event] : []
    } catch {
      return []
    }
  })
}
