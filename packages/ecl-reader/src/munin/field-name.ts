import { createHash } from 'node:crypto'

/** A file of an RRD is named host-service-field-g.rrd, and a file's name has at most 255 bytes. */
const LONGEST = 120
/** How much of a longer name is kept to recognise it by. */
const KEPT = 80
/**
 * Words that mean something else to Munin: `root` is a bug of 2.0, the others are attributes of a graph or a host,
 * which its configuration keeps beside the fields.
 */
const RESERVED = new RegExp(
  '^(?:root|multigraph|graph|graphs|host_name|update_rate|address|port|use_node_name|order|category|' +
    'contacts?|info|label|notify_alias|ignore_unknown|graph_.*)$',
)

/**
 * Names an event's field in Munin: `^[A-Za-z_][A-Za-z0-9_]*$`, no two events the same, and nothing but the event's name
 * decides, so that a field is the same in every run and on every machine.
 *
 * A plain name stays as it is, one that begins with a digit gets a `_` before it, and any other character becomes `_x`
 * and two hexadecimal digits for each of its bytes: `a:b` → `a_x3ab`. Where that could be taken for another name, the
 * first character, or the `_` in question, is written that way, too; so the way back is unambiguous. Only names that
 * are too long for a file's name end in a hash.
 */
export function fieldName(event: string): string {
  const escaped = escapeName(event)
  if (escaped.length <= LONGEST) return escaped
  const hash = createHash('sha256').update(event).digest('hex').slice(0, 32)
  // `_x` is followed by a digit everywhere else.
  return `${escaped.slice(0, KEPT)}_x_${hash}`
}

function escapeName(event: string): string {
  if (RESERVED.test(event)) return escapeBytes(event.slice(0, 1)) + event.slice(1)
  // An empty name is none that can be logged; it must not become an empty field.
  if (event === '') return '_x'
  const text = event.replace(/_(?=x)|[^A-Za-z0-9_]/gu, escapeBytes)
  if (/^[0-9]/.test(text)) return `_${text}`
  return /^_[0-9]/.test(text) ? `_x5f${text.slice(1)}` : text
}

function escapeBytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `_x${byte.toString(16).padStart(2, '0')}`).join('')
}
