const CR = 13
const STAR = 42
const DOLLAR = 36

/**
 * Where the last transaction or command of an append-only file ends that is whole.
 *
 * A file that a crash has cut within a transaction is cut by Redis behind the last whole command, so that MULTI and what
 * follows it stay there without EXEC: harmless until Redis is started once more, when they are done together with the next
 * transaction. So it is with 7.0.15, 7.2.4 and 8.0-m01; `redis-check-aof --fix` cuts where this says.
 *
 * @param file as Redis writes it, without an RDB in front
 * @returns an offset in bytes
 */
export function endOfWholeTransactions(file: Buffer): number {
  let end = 0
  let inTransaction = false
  for (let at = 0; at < file.length; ) {
    const command = commandAt(file, at)
    if (command === undefined) break
    at = command.end
    if (command.name === 'MULTI') inTransaction = true
    else if (command.name === 'EXEC') inTransaction = false
    if (!inTransaction) end = at
  }
  return end
}

/** The command that begins at an offset; undefined where it is not there to its end. */
function commandAt(file: Buffer, from: number): { name: string; end: number } | undefined {
  const count = numberAt(file, from, STAR)
  if (count === undefined) return undefined
  let at = count.end
  let name = ''
  for (let n = 0; n < count.value; n++) {
    const length = numberAt(file, at, DOLLAR)
    if (length === undefined) return undefined
    const end = length.end + length.value
    if (end + 2 > file.length) return undefined
    if (n === 0) name = file.toString('latin1', length.end, end).toUpperCase()
    at = end + 2
  }
  return { name, end: at }
}

/** `*3\r\n` or `$3\r\n`. */
function numberAt(file: Buffer, from: number, sign: number) {
  if (file[from] !== sign) return undefined
  const end = file.indexOf(CR, from)
  if (end === -1 || end + 2 > file.length) return undefined
  return { value: Number(file.toString('latin1', from + 1, end)), end: end + 2 }
}
