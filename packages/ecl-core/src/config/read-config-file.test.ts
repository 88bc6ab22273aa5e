import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { ConfigError } from '../errors.ts'
import { readConfigFile } from './read-config-file.ts'

/** The user who owns nothing. */
const NOBODY = 65_534

const folder = mkdtempSync(join(tmpdir(), 'ecl-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

/** The message of the only problem, with FILE for the file's name. */
async function problemOf(file: string): Promise<string> {
  const error: unknown = await readConfigFile(file).catch((caught: unknown) => caught)
  if (!(error instanceof ConfigError)) throw error
  expect(error.problems).toHaveLength(1)
  return file === '' ? error.message : error.message.replace(file, 'FILE')
}

describe('readConfigFile', () => {
  it('reads UTF-8, with or without a byte order mark, and through a symbolic link', async () => {
    expect(await readConfigFile(write('plain', 'ž: 😀\n'))).toBe('ž: 😀\n')
    expect(await readConfigFile(write('bom', '\ufeffa: b'))).toBe('a: b')
    symlinkSync(join(folder, 'plain'), join(folder, 'link'))
    expect(await readConfigFile(join(folder, 'link'))).toBe('ž: 😀\n')
  })

  it.each([
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x61, 0), 'FILE: is in UTF-16; save it as UTF-8'],
    [
      'UTF-16, big end first',
      Uint8Array.of(0xfe, 0xff, 0, 0x61),
      'FILE: is in UTF-16; save it as UTF-8',
    ],
    [
      'Latin-1',
      Buffer.from('a: b\nc: \xe9\nd: e\n', 'latin1'),
      'FILE:2: is not valid UTF-8; save it as UTF-8',
    ],
    [
      'a cut character',
      Buffer.from('a\n\u20ac').subarray(0, 4),
      'FILE:2: is not valid UTF-8; save it as UTF-8',
    ],
    ['a NUL byte', 'a\nb\0c', 'FILE:2: holds a NUL byte; save it as text in UTF-8'],
    [
      'over 10 MB',
      Buffer.alloc(10 * 1024 * 1024 + 1, ' '),
      'FILE: is over 10 MB; is this a config file?',
    ],
  ])('says in one line that it holds %s', async (_what, content, message) => {
    expect(await problemOf(write('bad', content))).toBe(message)
  })

  it('says in one line that there is no such file', async () => {
    expect(await problemOf(join(folder, 'missing'))).toBe('FILE: no such file')
    expect(await problemOf(join(write('file', ''), 'x'))).toMatch(/^FILE: no such file; a part/)
    expect(await problemOf(`${folder}/${'x'.repeat(300)}`)).toMatch(/^FILE: the name is too long/)
    expect(await problemOf('a\0b')).toMatch(/^FILE: cannot be read \(/)
    expect(await problemOf('')).toBe('the name of the config file is empty')
  })

  it('refuses a directory, a circle of links and what is waited for, without waiting', async () => {
    expect(await problemOf(folder)).toBe('FILE: is a directory; name the config file in it')
    symlinkSync('circle', join(folder, 'circle'))
    expect(await problemOf(join(folder, 'circle'))).toMatch(/^FILE: its symbolic links lead/)
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')])
    expect(await problemOf(join(folder, 'pipe'))).toBe('FILE: is not a regular file')
    expect(await problemOf('/dev/zero')).toBe('FILE: is not a regular file')
  })

  it('says in one line that it may not be read', async () => {
    const file = write('forbidden', 'a')
    chmodSync(file, 0)
    // Root may read everything.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(NOBODY)
    try {
      expect(await problemOf(file)).toBe('FILE: no permission to read it')
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })
})
