import { KEYS, type MappingKind, mappingAt, remedyAt, withUnderscores } from './config-keys.ts'
import { type Findings, isMapping, type Path, quote, setKey } from './problem.ts'

/** A half-written `tls:` must not mean an unencrypted connection, nor `cluster:` localhost. Without the rest there is no group. */
const NEVER_NULL = ['tls', 'sentinel', 'name', 'nodes', 'cluster', 'events', 'intervals', 'store']

/**
 * A config with the liberties taken out that it may take: hyphens for underscores, and an option without a value, which
 * the original takes as one that is not set. Both are warned of.
 *
 * @param value what was read; it is not changed
 * @returns a copy in the schema's spelling, as far as it has a shape that is known
 */
export function normalise(value: unknown, findings: Findings): unknown {
  return normaliseMapping(value, [], findings)
}

function normaliseMapping(value: unknown, path: Path, findings: Findings): unknown {
  if (!isMapping(value)) return value
  const kind = mappingAt(path)
  const isGroups = path.length === 1 && path[0] === 'groups'
  if (kind === undefined && !isGroups) return value
  const normal = {}
  for (const [written, content] of Object.entries(value)) {
    const key = kind === undefined ? written : knownKey(kind, written)
    const at = [...path, key]
    if (key !== written) {
      if (Object.hasOwn(value, key)) {
        findings.fault(at, `stands beside ${quote(written)}, which is the same; remove one of them`)
        continue
      }
      findings.warn(at, `is spelled ${quote(written)}; it works, but write it with "_"`)
    }
    if (content === null && isOptional(kind, key)) {
      findings.warn(at, `has no value, so its default applies; remove it, or ${remedyAt(at)}`)
      continue
    }
    setKey(normal, key, normaliseMapping(content, at, findings))
  }
  return normal
}

function isOptional(kind: MappingKind | undefined, key: string): boolean {
  if (kind === undefined || kind === 'root' || NEVER_NULL.includes(key)) return false
  return isKeyOf(kind, key)
}

function knownKey(kind: MappingKind, written: string): string {
  const key = withUnderscores(written)
  return isKeyOf(kind, key) ? key : written
}

function isKeyOf(kind: MappingKind, key: string): boolean {
  const keys: readonly string[] = KEYS[kind]
  return keys.includes(key)
}
