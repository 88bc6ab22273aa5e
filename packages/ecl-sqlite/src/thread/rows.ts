/** What a driver gives for a row is of no type: narrowed here, column by column. */

/** A column of a row. */
function columnOf(row: unknown, name: string): unknown {
  if (typeof row !== 'object' || row === null) throw new Error(`no row with a column ${name}`)
  return Reflect.get(row, name)
}

/** A column of a row that holds a number. */
export function numberIn(row: unknown, name: string): number {
  const value = columnOf(row, name)
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw new Error(`the column ${name} holds no number`)
}

/** A column of a row that holds a 64-bit integer. */
export function bigintIn(row: unknown, name: string): bigint {
  const value = columnOf(row, name)
  if (typeof value === 'bigint') return value
  throw new Error(`the column ${name} holds no 64-bit integer`)
}

/** A column of a row that holds a text. */
export function textIn(row: unknown, name: string): string {
  const value = columnOf(row, name)
  if (typeof value === 'string') return value
  throw new Error(`the column ${name} holds no text`)
}
