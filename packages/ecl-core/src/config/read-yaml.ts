import { LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import { markVariables } from './environment.ts'
import type { Located } from './located.ts'
import { LocatedReader } from './located-reader.ts'
import { formatProblem, type Path } from './problem.ts'

/** A fault that was found while reading, with its line; no line where it is the whole file's. */
export interface YamlProblem {
  readonly line: number | undefined
  /** One line, which opens with the key path where there is one. */
  readonly message: string
}

/** What a text was read as. */
export interface ReadYaml {
  /** Undefined where the text is no YAML at all, or empty. */
  readonly root: Located | undefined
  readonly problems: readonly YamlProblem[]
}

/**
 * Reads the text of a config file as PyYAML's safe_load does, remembering lines, and replaces variables.
 *
 * @param text the file's content
 * @param env the environment
 */
export function readYaml(text: string, env: NodeJS.ProcessEnv): ReadYaml {
  const lines = new LineCounter()
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const failed = (line: number | undefined, message: string): ReadYaml => {
    return { root: undefined, problems: [{ line, message }] }
  }
  if (isTooDeep(text)) return failed(undefined, TOO_DEEP)
  const marked = markVariables(text)
  try {
    const document = parseDocument(marked.text, {
      // Every scalar as its text: types are given by the place of a value, and by PyYAML's rules (plain-scalar.ts).
      schema: 'failsafe',
      resolveKnownTags: false,
      // Repeated keys are found by the reader, which knows the path and the line of the first.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    })
    const [error] = document.errors
    // Only the first: those that follow are mostly its consequences.
    if (error !== undefined) return failed(lineAt(error.pos[0]), syntaxProblem(error))
    const problems: YamlProblem[] = []
    const report = (line: number, path: Path, message: string): void => {
      problems.push({ line, message: formatProblem({ path, message }) })
    }
    const reader = new LocatedReader({ env, lineAt, report, restore: marked.restore })
    const root = reader.read(document.contents, [])
    const isEmpty = root.kind === 'scalar' && root.value === null
    return { root: isEmpty ? undefined : root, problems }
  } catch (error) {
    // The parser and the reader are recursive.
    if (error instanceof RangeError) return failed(undefined, TOO_DEEP)
    throw error
  }
}

const TOO_DEEP = 'is nested too deeply for a config'
/** A config has five levels; what is in quotes and comments is counted too. */
const MAX_OPEN_BRACKETS = 1000
const INDICATORS_IN_A_ROW = /(?:[-?:][ \t\r\n]+){1000}/

/** Whether a text could keep the parser busy until memory ends: it keeps something for each open bracket. */
function isTooDeep(text: string): boolean {
  let open = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open += bracket === '[' || bracket === '{' ? 1 : -1
    if (open > MAX_OPEN_BRACKETS) return true
  }
  return INDICATORS_IN_A_ROW.test(text)
}

/** For errors in whose midst a piece of the file is quoted. */
const OWN_WORDS: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  BAD_DIRECTIVE: 'a line that begins with "%" is no directive; quote the value if a "%" was meant',
  BAD_DQ_ESCAPE:
    'a "\\" in double quotes begins no escape sequence; write single quotes if a "\\" was meant',
  BAD_SCALAR_START: 'a value begins with a character that has a meaning in YAML; quote the value',
  TAG_RESOLVE_FAILED: 'a tag ("!…") has no meaning in a config; quote the value if a "!" was meant',
}

function syntaxProblem(error: YAMLParseError): string {
  if (error.code === 'MULTIPLE_DOCS') {
    return 'a second YAML document begins here; a config is one document, so remove the "---"'
  }
  if (error.code === 'RESOURCE_EXHAUSTION') return TOO_DEEP
  // The parser quotes the file, where a password may be.
  const own = OWN_WORDS[error.code]
  if (own !== undefined) return `YAML syntax error: ${own}`
  const [reason = ''] = error.message.split(/: |["'\n]/)
  return `YAML syntax error: ${reason.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').trim()}`
}
