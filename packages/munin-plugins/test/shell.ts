import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PLUGINS = fileURLToPath(new URL('../plugins/', import.meta.url))

const READER = fileURLToPath(new URL('../../ecl-reader/bin/ecl-reader.cjs', import.meta.url))

/** Where a plugin is. */
export function plugin(name: string): string {
  return join(PLUGINS, name)
}

/** What a plugin has answered. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a plugin, with munin-node's PATH and nothing else in its environment but what is given. */
export function ask(
  file: string,
  question: string,
  environment: Readonly<Record<string, string>>,
): Promise<Answer> {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', ecl_reader: READER, ...environment }
  return new Promise((resolve, reject) => {
    execFile(file, question === '' ? [] : [question], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}
