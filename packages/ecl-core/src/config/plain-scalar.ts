/**
 * The types that PyYAML's safe_load gives to unquoted texts, since the original's files are read by it: YAML 1.1, where
 * `yes` is true, `010` is 8 and `1:30` is 90.
 */

const NULL = /^(?:~|null|Null|NULL|)$/
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const INTEGER = /^[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$/
/** Wider than PyYAML's, which takes `1e3` for text: nothing that has a number in this place means the text. */
const FLOAT =
  /^[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:e[-+]?[0-9]+)?|[0-9][0-9_]*e[-+]?[0-9]+)$/i
const SEXAGESIMAL =
  /^[-+]?(?:[1-9][0-9_]*(?::[0-5]?[0-9])+|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/
const INFINITE = /^([-+])?\.(?:inf|Inf|INF)$/
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/

/** What an unquoted text is: null, a boolean, a number, or the text itself. */
export function resolvePlainScalar(text: string): string | number | boolean | null {
  if (NULL.test(text)) return null
  if (TRUE.test(text)) return true
  if (FALSE.test(text)) return false
  return resolveNumber(text) ?? text
}

function resolveNumber(text: string): number | undefined {
  if (NOT_A_NUMBER.test(text)) return Number.NaN
  const infinite = INFINITE.exec(text)
  if (infinite !== null) {
    return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '')
  if (INTEGER.test(text)) return sign * parseUnsigned(digits)
  if (FLOAT.test(text)) return sign * Number(digits)
  if (SEXAGESIMAL.test(text)) {
    return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  }
  return undefined
}

function parseUnsigned(digits: string): number {
  if (/^0[0-7]/.test(digits)) return Number.parseInt(digits, 8)
  return Number(digits) // knows 0b and 0x
}
