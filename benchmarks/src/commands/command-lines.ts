import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GroupsConfig } from 'ecl-core'
import type { CellContext } from '../cell-context.ts'
import { COMMANDS } from '../paths.ts'
import { interpreter } from '../python.ts'

/** A program and its arguments. */
export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** Writes a config that ECL and the Python original read alike. @returns its path */
export function writeConfig(context: CellContext, port: number, groups: GroupsConfig): string {
  const ours = (key: string, value: unknown) => (key === 'python_writers' ? undefined : value)
  const file = join(context.folder(), 'ecl.yml')
  // YAML has JSON in it.
  writeFileSync(file, JSON.stringify({ redis: { host: '127.0.0.1', port }, groups }, ours))
  return file
}

/** `ecl-reader`, of the group "bench". */
export function readerCommand(_context: CellContext, config: string): CommandLine {
  return { file: process.execPath, args: [COMMANDS.reader, config, '-g', 'bench'] }
}

/** The Python original's, of the same group. */
export function pythonReader({ python = '' }: CellContext, config: string): CommandLine {
  return {
    file: interpreter(),
    args: [join(python, 'bin/ecl_reader'), config, '-g', 'bench'],
    env: { ...process.env, PYTHONPATH: python, PYTHONDONTWRITEBYTECODE: '1' },
  }
}
