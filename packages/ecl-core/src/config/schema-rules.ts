import { KEYS, MAPPING_NAMES, mappingAt, remedyAt } from './config-keys.ts'
import { resolvePlainScalar } from './plain-scalar.ts'
import { type Findings, isMapping, kindOf, type Path, quote } from './problem.ts'
import type { SchemaError } from './schema-validator.ts'
import { suggest } from './suggest.ts'

/** What makes a value fail in words that follow it; what is expected instead comes from its path. */
const FOUND: Readonly<Record<string, string>> = {
  minimum: 'is too small',
  exclusiveMinimum: 'is too small',
  maximum: 'is too large',
  enum: 'is not one of its values',
  minItems: 'is empty',
}

/**
 * Puts ajv's errors into our words: one fault for each value, however many keywords it fails.
 *
 * @param errors what the validator left
 * @param config what it was given
 * @param findings gets the faults; a path that already has one is left alone
 */
export function reportSchemaErrors(
  errors: readonly SchemaError[],
  config: unknown,
  findings: Findings,
): void {
  const seen = new Set(findings.problems.map((problem) => JSON.stringify(problem.path)))
  const meant = new Set<string>()
  // Unknown keys first: a misspelled key is not reported as missing, too.
  const ordered = [...errors].sort((a, b) => rank(a) - rank(b))
  for (const error of ordered) {
    // Names of groups are checked by group-rules.ts, which can say more.
    if (error.propertyName !== undefined || error.keyword === 'propertyNames') continue
    const parent = parsePointer(error.instancePath, config)
    const path = pathOf(error, parent)
    const id = JSON.stringify(path)
    if (seen.has(id) || meant.has(id)) continue
    seen.add(id)
    if (error.keyword === 'additionalProperties') {
      const nearest = reportUnknownKey(path, valueAt(path, config), findings)
      if (nearest !== undefined) meant.add(JSON.stringify([...parent, nearest]))
    } else if (error.keyword === 'required') {
      findings.fault(path, `is missing; ${remedyAt(path)}`)
    } else {
      reportValue(error.keyword, path, valueAt(path, config), findings)
    }
  }
}

function rank(error: SchemaError): number {
  if (error.keyword === 'additionalProperties') return 0
  return error.keyword === 'type' ? 1 : 2
}

function pathOf(error: SchemaError, parent: Path): Path {
  const key = error.params['additionalProperty'] ?? error.params['missingProperty']
  return typeof key === 'string' ? [...parent, key] : parent
}

/** @returns the key that was probably meant */
function reportUnknownKey(path: Path, value: unknown, findings: Findings): string | undefined {
  const key = String(path.at(-1))
  const kind = mappingAt(path.slice(0, -1)) ?? 'root'
  const keys: readonly string[] = KEYS[kind]
  const redisKeys: readonly string[] = KEYS.redis
  const nearest = suggest(key, keys)
  const what = `is not a key of ${MAPPING_NAMES[kind]}`
  if (nearest !== undefined) {
    findings.fault(path, `${what}; did you mean ${quote(nearest)}?`)
  } else if (kind === 'root' && isMapping(value) && ('events' in value || 'intervals' in value)) {
    findings.fault(path, `${what}; did you mean it as a group, under "groups"?`)
  } else if (kind !== 'redis' && redisKeys.includes(key)) {
    findings.fault(path, `${what}; did you mean it under "redis"?`)
  } else {
    findings.fault(path, `${what}; the keys are ${keys.join(', ')}`)
  }
  return nearest
}

function reportValue(keyword: string, path: Path, value: unknown, findings: Findings): void {
  const remedy = remedyAt(path)
  if (keyword === 'pattern') {
    // Not shown: what does not look like a host or a file may be a URL with a password in it.
    const empty = typeof value === 'string' && value.trim() === ''
    findings.fault(path, `${empty ? 'is empty' : 'does not have the right form'}; ${remedy}`)
    return
  }
  const isScalar = typeof value !== 'object' && value !== undefined
  if (keyword !== 'type' && isScalar) {
    findings.fault(path, `${findings.show(path, value)} ${FOUND[keyword] ?? 'is wrong'}; ${remedy}`)
  } else if (!isScalar) {
    const found = keyword === 'type' ? `is ${kindOf(value)}` : (FOUND[keyword] ?? 'is wrong')
    findings.fault(path, `${found}; ${remedy}`)
  } else {
    const hint = isQuotedNumber(value) ? ', without quotes' : ''
    findings.fault(
      path,
      `${findings.show(path, value)} ${typeFound(path, value)}; ${remedy}${hint}`,
    )
  }
}

/** A scalar of the wrong type. Where a number is right, a number has a fraction, or is infinite. */
function typeFound(path: Path, value: unknown): string {
  if (value === '') return 'is empty'
  if (typeof value !== 'number') return `is ${kindOf(value)}`
  const last = path.at(-1)
  if (last === 'sync_interval') return 'is not finite'
  return last === 'port' || last === 'db' || last === 'sync_limit' || last === 'max_events'
    ? 'is not a whole number'
    : 'is a number'
}

function isQuotedNumber(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false
  const plain = resolvePlainScalar(value)
  return typeof plain === 'number' || typeof plain === 'boolean'
}

/** The path that a JSON pointer stands for; digits are an index only where there is a list. */
function parsePointer(pointer: string, config: unknown): Path {
  const steps = pointer.split('/').slice(1)
  const path: (string | number)[] = []
  for (const step of steps) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(path, config)) ? Number(key) : key)
  }
  return path
}

/** The value that a path leads to. */
function valueAt(path: Path, config: unknown): unknown {
  let value = config
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isMapping(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}
