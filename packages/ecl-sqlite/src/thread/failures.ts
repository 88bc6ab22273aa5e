import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Failure, FileFault } from './messages.ts'

const BUSY = 5
const LOCKED = 6
const CANTOPEN = 14
const PROTOCOL = 15

/** A file that is not to be used, though SQLite would. */
export class FaultyFile extends Error {
  readonly fault: FileFault

  /** @param detail what of it, where that is not always the same */
  constructor(fault: FileFault, detail?: string) {
    super(detail ?? fault)
    this.fault = fault
  }
}

/** SQLite's extended result code; undefined for an error of something else. */
export function errcodeOf(caught: unknown): number | undefined {
  if (typeof caught !== 'object' || caught === null || !('errcode' in caught)) return undefined
  return typeof caught.errcode === 'number' ? caught.errcode : undefined
}

/** SQLite's primary result code; 0 for an error of something else. */
export function primaryCodeOf(caught: unknown): number {
  return (errcodeOf(caught) ?? 0) & 0xff
}

/** Whether another process is at work in the file, and will be done with it in a moment. */
export function isBusy(caught: unknown): boolean {
  const primary = primaryCodeOf(caught)
  return primary === BUSY || primary === LOCKED || primary === PROTOCOL
}

/** An error as it goes to the store. */
export function failureOf(caught: unknown, file: string): Failure {
  const errcode = errcodeOf(caught)
  const message = caught instanceof Error ? caught.message : String(caught)
  if (caught instanceof FaultyFile) return { message, errcode, fault: caught.fault }
  const fault = primaryCodeOf(caught) === CANTOPEN ? whyNotOpened(file) : undefined
  return { message: fault ?? message, errcode, fault }
}

/**
 * Looks at a file before SQLite opens it, which would follow a link to wherever somebody has let it lead, or wait for ever
 * for what is no file.
 *
 * @returns undefined where there is none
 * @throws FaultyFile
 */
export function lookAt(file: string): Stats | undefined {
  let found: Stats | undefined
  try {
    found = lstatSync(file, { throwIfNoEntry: false })
  } catch {
    throw new FaultyFile(whyNotOpened(file) ?? 'no access')
  }
  if (found === undefined || found.isFile()) return found
  if (found.isSymbolicLink()) throw new FaultyFile('a link')
  throw new FaultyFile(found.isDirectory() ? 'a folder' : 'no file of data')
}

/** Whether a file could be made, or an empty one be filled. @throws FaultyFile where it could not */
export function checkFolder(file: string): void {
  const fault = whyNotOpened(file)
  if (fault !== undefined) throw new FaultyFile(fault)
}

/** SQLite only says that it cannot. */
export function whyNotOpened(file: string): FileFault | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found?.isDirectory() === true) return 'a folder'
    if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
      return 'no folder'
    if (found !== undefined) accessSync(file, constants.R_OK)
    if (isWritable(dirname(file))) return undefined
    return found === undefined ? 'no access' : 'no writer'
  } catch {
    return 'no access'
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
