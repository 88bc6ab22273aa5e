import { asError } from 'ecl-core'

/** A file that is no export, or has been damaged. */
export class FileFault extends Error {
  override readonly name = 'FileFault'

  /** @param line counted from 1 @param caught what is wrong there */
  constructor(line: number, caught: unknown) {
    super(`line ${line}: ${asError(caught).message}`, { cause: caught })
  }
}
