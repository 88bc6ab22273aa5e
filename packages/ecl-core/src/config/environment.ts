/** What became of a text with variables in it. */
export interface Substituted {
  /** The text with every variable replaced by its value. */
  readonly text: string
  /** Whether there was a variable in it, so that the text may be a secret. */
  readonly hasVariables: boolean
  /** Why it cannot be used, in whole messages; none of them holds a value. */
  readonly problems: readonly string[]
}

/** In this order: a literal `${`, a variable with or without default, and a `${` that begins neither. */
const VARIABLE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Replaces `${NAME}` and `${NAME:-default}` in one value of a config. It is given the value after YAML was parsed, so
 * that no content of a variable can be taken for YAML.
 *
 * As in a shell, the default also stands in for a variable that is set, but empty. `$${` is a literal `${`. What a
 * variable holds is not searched again.
 *
 * @param source the value as written
 * @param env the environment
 */
export function substitute(source: string, env: NodeJS.ProcessEnv): Substituted {
  if (!source.includes('${')) return { text: source, hasVariables: false, problems: [] }
  const problems: string[] = []
  let hasVariables = false
  const text = source.replace(VARIABLE, (found: string, name?: string, fallback?: string) => {
    if (found === '$${') return '${'
    if (name === undefined) {
      problems.push(
        'holds "${" that begins no variable; write ${NAME} or ${NAME:-default}, or $${ for a literal "${"',
      )
      return found
    }
    hasVariables = true
    if (fallback?.includes('${') === true) {
      problems.push(`has a variable within the default of ${name}; a default is plain text`)
      return found
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback !== undefined) return fallback
    problems.push(
      `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
    )
    return found
  })
  return { text, hasVariables, problems }
}

/** A YAML text in which variables cannot be taken for YAML. */
export interface Marked {
  /** The text, each variable in it replaced by a mark without a meaning in YAML. Lines stay where they are. */
  readonly text: string
  /** Puts the variables back, into a part of what was parsed. */
  readonly restore: (part: string) => string
}

/** A variable, or a literal `${NAME}`; without quotes and backslashes, whose meaning depends on what is around. */
const MARKABLE = /\$\$?\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}"'\\\r\n]*)?\}/g
/** Characters of Unicode's private use area: allowed in YAML, and used by next to nobody. */
const MARK = /\uE000(\d+)\uE001/g

/**
 * Makes `[${NAME}]` one value in a list: to YAML it is a `$` before a mapping in braces, and so a syntax error. Only the
 * names are hidden, no values are put in: that is for `substitute`, once YAML has been parsed.
 *
 * @param source the text of a config file
 */
export function markVariables(source: string): Marked {
  // Where the marks' characters mean something, variables in brackets need quotes, as they do for others' YAML.
  if (!source.includes('${') || /[\uE000\uE001]/.test(source)) {
    return { text: source, restore: (part) => part }
  }
  const variables: string[] = []
  const text = source.replace(MARKABLE, (found) => `\uE000${variables.push(found) - 1}\uE001`)
  const restore = (part: string): string => {
    return part.replace(MARK, (mark, index: string) => variables[Number(index)] ?? mark)
  }
  return { text, restore }
}
