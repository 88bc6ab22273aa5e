import { execFileSync } from 'node:child_process'

/** Runs a command that only root may run. */
export function asRoot(command: string, ...args: string[]): void {
  const isRoot = process.getuid?.() === 0
  execFileSync(isRoot ? command : 'sudo', isRoot ? args : ['-n', command, ...args])
}
