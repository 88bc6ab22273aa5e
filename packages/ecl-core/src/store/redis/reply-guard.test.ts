import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ReplyGuard } from './reply-guard.ts'

/** A reply as the server sends it. */
type Reply = string

const text = fc.string({ maxLength: 20 }).map((line) => line.replace(/[\r\n]/g, ' '))
const bulk = fc.string({ unit: 'binary', maxLength: 50 }).map((value) => {
  return `$${Buffer.byteLength(value)}\r\n${value}\r\n`
})
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    text.map((line) => `+${line}\r\n`),
    text.map((line) => `-ERR ${line}\r\n`),
    fc.maxSafeInteger().map((value) => `:${value}\r\n`),
    bulk,
    fc.constantFrom('$-1\r\n', '*-1\r\n'),
    fc.array(tie('reply')).map((items) => `*${items.length}\r\n${items.join('')}`),
  ),
}))

/** Gives the bytes to a guard in pieces of some lengths, as many replies being awaited. */
function feed(bytes: Buffer, lengths: readonly number[], unanswered: number): void {
  const guard = new ReplyGuard({ unanswered: () => unanswered, ready: () => true })
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    guard.admit(bytes.subarray(at, at + length))
    at += length
  }
}

describe('a guard', () => {
  it('admits all replies that were asked for, in whatever pieces they come', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 })
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1 }), lengths, (replies, pieces) => {
        feed(Buffer.from(replies.join('')), pieces, replies.length)
      }),
    )
  })

  it('admits nothing that was not asked for', () => {
    fc.assert(
      fc.property(fc.array(reply), reply, (replies, more) => {
        const bytes = Buffer.from([...replies, more].join(''))
        expect(() => feed(bytes, [bytes.length], replies.length)).toThrow(
          more.startsWith('-') ? /^ERR/ : /not asked for/,
        )
      }),
    )
  })

  it.each([
    ['>1\r\n_\r\n', /begins with ">"/],
    ['_\r\n', /begins with "_"/],
    ['*1\r\n%1\r\n', /begins with "%"/],
    [':\r\n', /number/],
    [':1x\r\n', /number/],
    ['$12345678901234567890\r\n', /number/],
    ['$-2\r\n', /negative/],
    ['*-3\r\n', /negative/],
    ['+OK\r+OK', /does not end/],
    [`+${'x'.repeat(70_000)}`, /too long/],
    ['$300000000\r\n', /too long/],
    ['*2147483647\r\n', /too long/],
    ['*1\r\n'.repeat(20), /too deep/],
  ])('does not admit %j', (bytes, why) => {
    expect(() => feed(Buffer.from(bytes), [7], 10)).toThrow(why)
  })

  it('lets the handshake have less than what comes after it', () => {
    const bytes = Buffer.from('$10000000\r\n')
    const guard = (ready: boolean) => new ReplyGuard({ unanswered: () => 1, ready: () => ready })
    expect(() => guard(true).admit(bytes)).not.toThrow()
    expect(() => guard(false).admit(bytes)).toThrow('Protocol error: a reply is too long')
  })

  it('admits nothing but messages to who listens', () => {
    const admit = (bytes: string, unanswered = 0) => {
      const guard = new ReplyGuard({ unanswered: () => unanswered, ready: () => true })
      guard.listen()
      guard.admit(Buffer.from(bytes))
    }
    const said = '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n'
    expect(() => admit(said + said)).not.toThrow()
    expect(() => admit('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n', 1)).not.toThrow()
    expect(() => admit('-NOPERM no\r\n', 1)).not.toThrow()
    for (const bytes of [
      '+OK\r\n',
      ':1\r\n',
      '-ERR\r\n',
      '*0\r\n',
      '*-1\r\n',
      '*2\r\n',
      '*3\r\n$-1\r\n',
      '*3\r\n:1\r\n',
      '*3\r\n*3\r\n',
    ]) {
      expect(() => admit(bytes)).toThrow('Protocol error: what is published is no message')
    }
  })
})
