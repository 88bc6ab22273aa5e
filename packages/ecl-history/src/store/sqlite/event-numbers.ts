import { numberIn, type Statement, textIn } from 'ecl-sqlite/file'

/** What finds, adds and names an event, and tells whether others have written: see sql/sqlite. */
interface EventStatements {
  readonly dataVersion: Statement
  readonly findEvent: Statement
  readonly addEvent: Statement
  readonly nameEvent: Statement
}

/** So many are remembered; programs that make up names have no bound on them. */
const MAX_REMEMBERED = 100_000

/** The numbers by which a file knows events, remembered until others write into it: they may have restored a backup. */
export class EventNumbers {
  readonly #numbers = new Map<string, number>()
  readonly #names = new Map<number, string>()
  #version: number | undefined

  /** To be called at the beginning of a transaction. */
  begin({ dataVersion }: EventStatements): void {
    const version = numberIn(dataVersion.get({}), 'data_version')
    if (version !== this.#version) this.clear()
    this.#version = version
  }

  /** The number of an event; undefined where the file does not know it. */
  find({ findEvent }: EventStatements, name: string): number | undefined {
    const remembered = this.#numbers.get(name)
    if (remembered !== undefined) return remembered
    const row = findEvent.get({ name })
    return row === undefined ? undefined : this.#remember(name, numberIn(row, 'id'))
  }

  /** The number of an event, which is given one where it has none. */
  numberOf(statements: EventStatements, name: string): number {
    const known = this.find(statements, name)
    if (known !== undefined) return known
    const { lastInsertRowid } = statements.addEvent.run({ name })
    return this.#remember(name, Number(lastInsertRowid))
  }

  /** The name of an event. */
  nameOf({ nameEvent }: EventStatements, id: number): string {
    const remembered = this.#names.get(id)
    if (remembered !== undefined) return remembered
    const name = textIn(nameEvent.get({ id }), 'name')
    this.#remember(name, id)
    return name
  }

  /** Forgets everything: numbers may have been given in a transaction that was undone. */
  clear(): void {
    this.#numbers.clear()
    this.#names.clear()
  }

  #remember(name: string, id: number): number {
    if (this.#numbers.size >= MAX_REMEMBERED) this.clear()
    this.#numbers.set(name, id)
    this.#names.set(id, name)
    return id
  }
}
