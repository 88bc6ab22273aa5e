import { describe, expect, it } from '@jest/globals'
import { endOfWholeTransactions } from './whole-transactions.ts'

function command(...words: readonly string[]): string {
  const texts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${texts.join('')}`
}

describe('endOfWholeTransactions', () => {
  const before = command('SELECT', '0') + command('SET', 'ž', '*3\r\n')
  const transaction = command('multi') + command('INCRBY', 'hit', '3') + command('EXEC')
  const after = command('SET', 'b', '1')

  it.each([
    ['nothing', '', 0],
    ['whole commands', before, Buffer.byteLength(before)],
    ['a whole transaction', before + transaction, Buffer.byteLength(before + transaction)],
    ['a cut command', before + after.slice(0, -3), Buffer.byteLength(before)],
    ['a length without its text', `${before}*2\r\n$3\r`, Buffer.byteLength(before)],
    [
      'a command in a transaction that was cut',
      before + command('MULTI') + after,
      before.length + 1,
    ],
    ['a cut EXEC', before + transaction.slice(0, -1), Buffer.byteLength(before)],
  ])('of a file that ends with %s', (_, file, end) => {
    expect(endOfWholeTransactions(Buffer.from(file))).toBe(end)
  })
})
