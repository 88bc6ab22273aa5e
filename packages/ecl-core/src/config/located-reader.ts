import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import { substitute } from './environment.ts'
import type { Located, LocatedEntry, LocatedMapping } from './located.ts'
import { resolvePlainScalar } from './plain-scalar.ts'
import { isSecret, type Path, quote } from './problem.ts'

/** What the reader needs to know of the file. */
export interface ReaderContext {
  /** Where variables are looked up. */
  readonly env: NodeJS.ProcessEnv
  /** The line of an offset in the text that was parsed. */
  readonly lineAt: (offset: number) => number
  /** Takes a fault. */
  readonly report: (line: number, path: Path, message: string) => void
  /** Puts marked variables back into a part of the text. */
  readonly restore: (part: string) => string
}

/**
 * How many values aliases may stand for in all. A few lines of aliases of aliases can stand for billions, while a large
 * config that is written by hand repeats some thousands.
 */
const MAX_ALIASED = 100_000

const STANDARD_TAG = 'tag:yaml.org,2002:'
const SCALAR_TAGS = ['str', 'int', 'float', 'bool', 'null']

/** Turns the nodes of one parsed document into located values, from its top to its end. */
export class LocatedReader {
  readonly #context: ReaderContext
  /** What each anchor stands for at this place of the document; undefined while it is being read. */
  readonly #anchors = new Map<string, Located | undefined>()
  readonly #sizes = new WeakMap<Located, number>()
  #aliased = 0

  constructor(context: ReaderContext) {
    this.#context = context
  }

  /**
   * Reads a node and all beneath it.
   *
   * @param node a node of the yaml package
   * @param path where it is, for messages
   * @param aroundLine the line of what is around it, for a node that is not there
   */
  read(node: unknown, path: Path, aroundLine = 1): Located {
    const line = this.#lineOf(node) ?? aroundLine
    if (isAlias(node)) return this.#readAlias(node, path, line)
    const anchor = isScalar(node) || isSeq(node) || isMap(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    const located = this.#readContent(node, path, line)
    if (anchor !== undefined) this.#anchors.set(anchor, located)
    return located
  }

  #readContent(node: unknown, path: Path, line: number): Located {
    if (isScalar(node)) return this.#readScalar(node, path, line)
    if (isSeq(node)) {
      if (!this.#isTag(node.tag, ['seq'], path, line)) return { kind: 'nothing', line }
      const items = node.items.map((item, index) => this.read(item, [...path, index], line))
      return this.#sized({ kind: 'list', line, items }, items)
    }
    if (isMap(node)) {
      if (!this.#isTag(node.tag, ['map'], path, line)) return { kind: 'nothing', line }
      return this.#readMapping(node, path, line)
    }
    return { kind: 'scalar', line, value: null, text: '', source: '', hasVariables: false }
  }

  #readAlias(alias: Alias, path: Path, line: number): Located {
    const nothing: Located = { kind: 'nothing', line }
    const found = this.#anchors.get(alias.source)
    if (found === undefined) {
      const inside = this.#anchors.has(alias.source)
      const written = quote(`*${this.#context.restore(alias.source)}`)
      const name = isSecret(path) ? 'the alias' : `the alias ${written}`
      const why = inside ? 'stands within the value that it stands for' : 'has no anchor before it'
      const remedy = inside ? 'remove it' : 'quote the value if a "*" was meant'
      this.#context.report(line, path, `${name} ${why}; ${remedy}`)
      return nothing
    }
    const within = this.#aliased <= MAX_ALIASED
    this.#aliased += this.#sizes.get(found) ?? 1
    if (this.#aliased <= MAX_ALIASED) return found
    const limit = MAX_ALIASED.toLocaleString('en')
    if (within)
      this.#context.report(line, path, `aliases stand for more than ${limit} values; use fewer`)
    return nothing
  }

  #readScalar(node: Scalar, path: Path, line: number): Located {
    const nothing: Located = { kind: 'nothing', line }
    if (!this.#isTag(node.tag, SCALAR_TAGS, path, line)) return nothing
    const source = this.#context.restore(String(node.value))
    const { text, hasVariables, problems } = substitute(source, this.#context.env)
    for (const problem of problems) this.#context.report(line, path, problem)
    if (problems.length > 0) return nothing
    let value: string | number | boolean | null = text
    const tag = node.tag?.replace(STANDARD_TAG, '')
    if (tag === undefined ? node.type === 'PLAIN' : tag !== 'str' && tag !== '!') {
      const resolved = resolvePlainScalar(text)
      // A variable that holds nothing, or "null", is a text that is not expected rather than an option left out.
      value = resolved === null && hasVariables ? text : resolved
    }
    return { kind: 'scalar', line, value, text, source, hasVariables }
  }

  #readMapping(node: YAMLMap<unknown, unknown>, path: Path, line: number): Located {
    const entries = new Map<string, LocatedEntry>()
    const merged: LocatedMapping[][] = []
    for (const { key: keyNode, value } of node.items) {
      const keyLine = this.#lineOf(keyNode) ?? line
      const key = this.#readKey(keyNode, path, keyLine)
      if (key === undefined) continue
      const at = [...path, key]
      const first = entries.get(key)
      if (key === '<<' && isScalar(keyNode) && keyNode.type === 'PLAIN') {
        merged.push(this.#readMerge(value, at, keyLine))
      } else if (first === undefined) {
        entries.set(key, { line: keyLine, value: this.read(value, at, keyLine) })
      } else {
        this.#context.report(
          keyLine,
          at,
          `is there already, in line ${first.line}; remove one of them`,
        )
        // Read all the same: it may set an anchor, or have faults of its own.
        this.read(value, at, keyLine)
      }
    }
    // What is written wins over what is merged; of several "<<" the last wins, and within a list the first.
    for (const source of merged.reverse().flat()) {
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    const values = [...entries.values()].map((entry) => entry.value)
    return this.#sized({ kind: 'mapping', line, entries }, values)
  }

  #readMerge(value: unknown, path: Path, line: number): LocatedMapping[] {
    const source = this.read(value, path, line)
    const parts = source.kind === 'list' ? source.items : [source]
    const mappings = parts.filter((part) => part.kind === 'mapping')
    if (parts.some((part) => part.kind === 'list' || part.kind === 'scalar')) {
      this.#context.report(line, path, 'merges what is no mapping; write "<<: *name" of a mapping')
    }
    return mappings
  }

  /** @returns the key as written; undefined where it is none, which has been reported */
  #readKey(node: unknown, path: Path, line: number): string | undefined {
    if (isScalar(node)) {
      if (!this.#isTag(node.tag, SCALAR_TAGS, path, line)) return undefined
      const key = this.#context.restore(String(node.value))
      // An anchor on a key stands for its text; no variables are replaced in keys.
      const scalar: Located = {
        kind: 'scalar',
        line,
        value: key,
        text: key,
        source: key,
        hasVariables: false,
      }
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, scalar)
      return key
    }
    const key = isAlias(node) ? this.#readAlias(node, path, line) : undefined
    if (key?.kind === 'nothing') return undefined
    if (key?.kind === 'scalar') return key.text
    this.#context.report(line, path, 'has a list or a mapping for a key; a key is text')
    return undefined
  }

  /** Whether a node's tag, if it has one, is among those that mean what they mark; reports it otherwise. */
  #isTag(tag: string | undefined, allowed: readonly string[], path: Path, line: number): boolean {
    if (tag === undefined || tag === '!') return true
    if (allowed.some((name) => tag === STANDARD_TAG + name)) return true
    // A password that begins with "!" looks like a tag of its own.
    const isStandard = tag.startsWith(STANDARD_TAG)
    const name = isStandard
      ? `the tag ${quote(`!!${tag.slice(STANDARD_TAG.length)}`)}`
      : 'a tag ("!…")'
    const remedy = isStandard ? 'remove it' : 'quote the value if a "!" was meant'
    this.#context.report(line, path, `${name} has no meaning in a config; ${remedy}`)
    return false
  }

  /** Remembers how many values a collection stands for. */
  #sized(collection: Located, children: readonly Located[]): Located {
    const sizes = children.map((child) => this.#sizes.get(child) ?? 1)
    this.#sizes.set(
      collection,
      sizes.reduce((sum, size) => sum + size, 1),
    )
    return collection
  }

  #lineOf(node: unknown): number | undefined {
    if (!isAlias(node) && !isScalar(node) && !isSeq(node) && !isMap(node)) return undefined
    const start = node.range?.[0]
    return start === undefined ? undefined : this.#context.lineAt(start)
  }
}
