import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { ConfigError } from '../errors.ts'

/** A config of ten thousand groups is far below. What is larger is another file, by mistake. */
const MAX_BYTES = 10 * 1024 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file; a part of its path is not a directory',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'is a directory; name the config file in it',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long for a file',
}

/**
 * Reads the text of a config file.
 *
 * @param file its name
 * @throws ConfigError of one line where there is no such file, it cannot be read, or it holds no text in UTF-8
 */
export async function readConfigFile(file: string): Promise<string> {
  if (file === '') throw new ConfigError(['the name of the config file is empty'])
  return decode(file, await readBytes(file))
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const found = await stat(file)
    if (found.isDirectory()) throw fault(file, 'is a directory; name the config file in it')
    // A pipe or a device would be waited for, perhaps for ever.
    if (!found.isFile()) throw fault(file, 'is not a regular file')
    if (found.size > MAX_BYTES) throw fault(file, 'is over 10 MB; is this a config file?')
    return await readFile(file)
  } catch (caught) {
    if (caught instanceof ConfigError) throw caught
    const code = systemCode(caught)
    throw fault(file, REASONS[code] ?? `cannot be read (${code})`, caught)
  }
}

/** The code of a system error, such as ENOENT. */
function systemCode(caught: unknown): string {
  return typeof caught === 'object' && caught !== null && 'code' in caught
    ? String(caught.code)
    : String(caught)
}

function decode(file: string, bytes: Buffer): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw fault(file, 'is in UTF-16; save it as UTF-8')
  }
  const zero = bytes.indexOf(0)
  if (zero >= 0) {
    throw fault(`${file}:${lineOf(bytes, zero)}`, 'holds a NUL byte; save it as text in UTF-8')
  }
  if (!isUtf8(bytes)) {
    throw fault(`${file}:${firstBadLine(bytes)}`, 'is not valid UTF-8; save it as UTF-8')
  }
  return new TextDecoder().decode(bytes) // without its byte order mark
}

function lineOf(bytes: Buffer, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(10); at >= 0 && at < offset; at = bytes.indexOf(10, at + 1)) line++
  return line
}

/** A line feed is never a part of another character, so the first line that is not UTF-8 by itself is at fault. */
function firstBadLine(bytes: Buffer): number {
  let start = 0
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(10, start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line
    start = end + 1
  }
}

function fault(where: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([`${where}: ${message}`], cause === undefined ? undefined : { cause })
}
