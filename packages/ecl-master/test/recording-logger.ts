import type { Logger } from 'ecl-core'

/** A logger that keeps what it is told, as `level: message`. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = []
  readonly details: object[] = []

  readonly debug = this.#at('debug')
  readonly info = this.#at('info')
  readonly warn = this.#at('warn')
  readonly error = this.#at('error')

  /** What was said at the levels that somebody should read. */
  get complaints(): string[] {
    return this.lines.filter((line) => /^(warn|error):/.test(line))
  }

  #at(level: string) {
    return (details: object, message: string): void => {
      this.details.push(details)
      this.lines.push(`${level}: ${message}`)
    }
  }
}
