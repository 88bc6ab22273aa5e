import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PrivateRedis } from 'ecl-core/testing'

/** The command, as it is published. */
export const READER = fileURLToPath(new URL('../bin/ecl-reader.cjs', import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command. */
export function read(...args: readonly string[]): Promise<Ended> {
  return execute(process.execPath, [READER, ...args])
}

/** Runs the command in a terminal of so many columns; what it shows, with the terminal's own line ends. */
export async function readInTerminal(columns: number, ...args: readonly string[]): Promise<string> {
  const quoted = [process.execPath, READER, ...args].map((arg) => `'${arg}'`).join(' ')
  const command = `stty cols ${columns} rows 24; exec ${quoted}`
  // Of util-linux, which every Debian has.
  const { stdout } = await execute('script', ['-qec', command, '/dev/null'])
  return stdout
}

/** What a shell does with the command, which is `$reader` there, and a config, which is `$config`. */
export function readInShell(script: string, config: string): Promise<Ended> {
  const reader = `'${process.execPath}' '${READER}'`
  const filled = script.replaceAll('$reader', reader).replaceAll('$config', `'${config}'`)
  return execute('/bin/sh', ['-c', filled])
}

function execute(file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(file, args, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}

/** Writes a config into the folder of a server. */
export function configFile(redis: PrivateRedis, name: string, text: string): string {
  const file = join(redis.directory, name)
  writeFileSync(file, text)
  return file
}
