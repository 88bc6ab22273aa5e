import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CellContext } from './cell-context.ts'

/** The interpreter: `python3`, or what the environment's PYTHON names. */
export function interpreter(): string {
  const given = process.env['PYTHON'] ?? ''
  return given === '' ? 'python3' : given
}

/** What is amiss with a checkout of the Python original; undefined where it can be used. */
export async function checkoutProblem(checkout: string): Promise<string | undefined> {
  if (!existsSync(join(checkout, 'event_count_logger.py'))) {
    return `there is no event_count_logger.py in ${checkout}`
  }
  try {
    await promisify(execFile)(interpreter(), ['-c', 'import redis, yaml'])
    return undefined
  } catch {
    return `${interpreter()} does not find the modules redis and yaml, which it needs; PYTHON names another interpreter`
  }
}

/**
 * Runs a program beside the Python original's module.
 *
 * @param globals what the program finds under these names
 * @returns what it has printed
 */
export async function runPython(
  { python = '' }: CellContext,
  program: string,
  globals: Readonly<Record<string, unknown>>,
): Promise<string> {
  const head = `import json\nglobals().update(json.loads(${JSON.stringify(JSON.stringify(globals))}))\n`
  const { stdout } = await promisify(execFile)(interpreter(), ['-c', head + program], {
    cwd: python,
    env: { ...process.env, PYTHONPATH: python, PYTHONDONTWRITEBYTECODE: '1' },
  })
  return stdout
}
