/**
 * What is wrong with a config, and where in it; put into words here, given a file and a line elsewhere.
 */

import { withoutSecrets } from '../secrets.ts'

/** The keys and indices that lead from the root of a config to a value. */
export type Path = readonly (string | number)[]

/** One fault, or one thing to warn of. */
export interface Problem {
  /** Where it is; what is missing is named by the path that it would have. */
  readonly path: Path
  /** What was found; what was expected, or the remedy. One line. */
  readonly message: string
}

/** How a value is named in a message. A file names it as it is written there, and keeps secrets back. */
export type Show = (path: Path, value: unknown) => string

/** Collects what a check of one config finds. */
export class Findings {
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  readonly show: Show

  constructor(show: Show) {
    this.show = show
  }

  /** Adds a fault. */
  fault(path: Path, message: string): void {
    this.problems.push({ path, message })
  }

  /** Adds something suspicious that works. */
  warn(path: Path, message: string): void {
    this.warnings.push({ path, message })
  }
}

const MAX_QUOTED = 60
const PLAIN_KEY = /^[^\s."'[\]\p{Cc}\p{Cf}\u2028\u2029]+$/u

/** Writes a path as `groups.web.intervals[1]`; a key that would be unclear is quoted: `groups["a.b"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (step.length > MAX_QUOTED || !PLAIN_KEY.test(step)) return `[${quote(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

/** `groups.web: message`; without the path where the problem is the whole config's. */
export function formatProblem(problem: Problem): string {
  const where = formatPath(problem.path)
  return where === '' ? problem.message : `${where}: ${problem.message}`
}

/** A text in quotes, on one line, and not longer than a message can bear. */
export function quote(given: string): string {
  const text = withoutSecrets(given)
  const shown = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What a value is, in the words of someone who writes YAML: `text`, `a list`, … */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'a number'
  if (typeof value === 'boolean') return 'a boolean'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

/** Names a scalar of a config that does not come from a file. */
export function showValue(path: Path, value: unknown): string {
  if (isSecret(path, value)) return 'the value'
  return typeof value === 'string' ? quote(value) : String(value)
}

/** Under `redis`, what is a number or a boolean. */
const SHOWN: readonly unknown[] = ['port', 'db', 'loss_window', 'reject_unauthorized']

/** Whether messages must not show a value: a password, and a URL, which may hold one. */
export function isSecret(path: Path, value?: unknown): boolean {
  const [section, key] = path
  if (section === 'store') return true
  if (section === 'history') return key === undefined || key === 'store'
  // An URL may stand anywhere by mistake, and so may a password.
  if (section !== 'redis') return false
  return !SHOWN.includes(path.at(-1)) || (typeof value === 'string' && !/^[\w.+-]*$/.test(value))
}

/** Whether a value is a mapping, as far as YAML or a literal in a program make one. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a key of an ordinary object, also one that is called `__proto__`. */
export function setKey(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}
