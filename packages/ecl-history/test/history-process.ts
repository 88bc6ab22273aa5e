import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command, as it is published. */
const HISTORY = fileURLToPath(new URL('../bin/ecl-history.cjs', import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command. */
export function run(...args: readonly string[]): Promise<Ended> {
  return execute(process.execPath, [HISTORY, ...args])
}

/** Runs it in a shell, where it is `$history`. */
export function runInShell(script: string): Promise<Ended> {
  const command = `'${process.execPath}' '${HISTORY}'`
  return execute('/bin/sh', ['-c', script.replaceAll('$history', command)])
}

/** Runs it in a terminal of so many columns; what it shows, with the terminal's own line ends. */
export async function runInTerminal(
  columns: number,
  environment: string,
  ...args: readonly string[]
): Promise<string> {
  const quoted = [process.execPath, HISTORY, ...args].map((arg) => `'${arg}'`).join(' ')
  const command = `stty cols ${columns} rows 24; exec env ${environment} ${quoted}`
  // Of util-linux, which every Debian has.
  const { stdout } = await execute('script', ['-qec', command, '/dev/null'])
  return stdout
}

function execute(file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}
