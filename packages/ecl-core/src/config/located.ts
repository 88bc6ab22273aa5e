import { isTextAt, withUnderscores } from './config-keys.ts'
import { isSecret, type Path, quote, setKey } from './problem.ts'

/**
 * What was read from a YAML file, with the line of everything. A part that an anchor and its aliases share is one node.
 */
export type Located = LocatedScalar | LocatedList | LocatedMapping | LocatedNothing

/** A single value. */
export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly line: number
  /** By the types of YAML, with variables replaced. */
  readonly value: string | number | boolean | null
  /** The same as text, as written, with variables replaced. */
  readonly text: string
  /** As written. */
  readonly source: string
  /** Whether it holds the values of variables, and so perhaps a secret. */
  readonly hasVariables: boolean
}

/** A list. */
export interface LocatedList {
  readonly kind: 'list'
  readonly line: number
  readonly items: readonly Located[]
}

/** A mapping; the line of an entry is that of its key. */
export interface LocatedMapping {
  readonly kind: 'mapping'
  readonly line: number
  readonly entries: ReadonlyMap<string, LocatedEntry>
}

/** What a key of a mapping has. */
export interface LocatedEntry {
  readonly line: number
  readonly value: Located
}

/** A value that could not be read, which has been reported: nothing more is to be said of it. */
export interface LocatedNothing {
  readonly kind: 'nothing'
  readonly line: number
}

/** Where a path leads to. */
export interface Location {
  /** The line of the value's key or list item; of what is around it, where the path leads to nothing. */
  readonly line: number
  /** Undefined where the path leads to nothing. */
  readonly node: Located | undefined
}

/** Follows a path, spelled as in the file or as in the schema. */
export function locate(root: Located, path: Path): Location {
  let { line } = root
  let node: Located | undefined = root
  for (const step of path) {
    if (node.kind === 'nothing') return { line, node }
    const next: LocatedEntry | undefined = nextEntry(node, step)
    if (next === undefined) return { line, node: undefined }
    line = next.line
    node = next.value
  }
  return { line, node }
}

function nextEntry(node: Located, step: string | number): LocatedEntry | undefined {
  if (node.kind === 'list' && typeof step === 'number') {
    const item = node.items[step]
    return item === undefined ? undefined : { line: item.line, value: item }
  }
  if (node.kind !== 'mapping' || typeof step === 'number') return undefined
  const exact = node.entries.get(step)
  if (exact !== undefined) return exact
  for (const [key, entry] of node.entries) if (withUnderscores(key) === step) return entry
  return undefined
}

/**
 * The plain value of what was read, each scalar as its place wants it: `200` is text among events, and a number
 * elsewhere. What could not be read is undefined.
 */
export function toValue(node: Located, path: Path = []): unknown {
  if (node.kind === 'nothing') return undefined
  if (node.kind === 'scalar') return isTextAt(path) && node.value !== null ? node.text : node.value
  if (node.kind === 'list') return node.items.map((item, index) => toValue(item, [...path, index]))
  const value = {}
  for (const [key, entry] of node.entries) setKey(value, key, toValue(entry.value, [...path, key]))
  return value
}

/** Names a scalar as the file has it, so that the value of a variable is not shown. */
export function showLocated(root: Located, path: Path, value: unknown): string {
  if (isSecret(path, value)) return 'the value'
  const { node } = locate(root, path)
  if (node?.kind !== 'scalar') return typeof value === 'string' ? quote(value) : String(value)
  if (node.hasVariables) return `the value of ${quote(withoutDefaults(node.source))}`
  return typeof value === 'string' ? quote(value) : node.source
}

/** A default may be as secret as what it stands in for. */
function withoutDefaults(source: string): string {
  return source.replaceAll(/:-[^}]*\}/g, '}')
}
