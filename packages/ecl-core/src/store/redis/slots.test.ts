import { describe, expect, it } from '@jest/globals'
import { latestEpochOf, parseRedirection, parseSlots, slotOf } from './slots.ts'

const asked = { host: 'asked', port: 1 }

describe('slotOf', () => {
  // As CLUSTER KEYSLOT says.
  it.each([
    ['foo', 12182],
    ['123456789', 12739],
    ['{foo}:5m:cur:é', 12182],
    ['x{foo}y}', 12182],
    ['foo{}{bar}', 8363],
    ['', 0],
  ])('of %j is %i', (key, slot) => {
    expect(slotOf(key)).toBe(slot)
  })
})

describe('parseSlots', () => {
  it('reads ranges, their primaries and replicas, and puts in the name that a node does not know', () => {
    const reply = [
      [0, 100, ['', 7000, 'id'], ['b', 7001, 'id', []]],
      [101, 16383, [null, 7002]],
    ]
    expect(parseSlots(reply, asked)).toEqual([
      {
        first: 0,
        last: 100,
        primary: { host: 'asked', port: 7000 },
        replicas: [{ host: 'b', port: 7001 }],
      },
      { first: 101, last: 16383, primary: { host: 'asked', port: 7002 }, replicas: [] },
    ])
  })

  it('throws at what is no such reply', () => {
    for (const reply of [undefined, 'OK', [[1]], [['a', 2, ['b', 3]]]]) {
      expect(() => parseSlots(reply, asked)).toThrow('unexpected reply to CLUSTER SLOTS')
    }
  })

  it.each([0, -1, 65_536, 'x', null])('throws at the port %j', (port) => {
    expect(() => parseSlots([[0, 1, ['a', port]]], asked)).toThrow('unexpected reply')
    expect(parseRedirection(new Error(`MOVED 1 a:${port}`), asked)).toBeUndefined()
  })

  it('throws at more nodes than a cluster has', () => {
    const rangeOf = (nodes: number) =>
      Array.from({ length: nodes }, (_, i) => [i, i, [`10.0.${i >> 8}.${i % 256}`, 6379]])
    expect(parseSlots(rangeOf(1000), asked)).toHaveLength(1000)
    expect(() => parseSlots(rangeOf(16_384), asked)).toThrow(
      '16384 nodes, where at most 1000 are expected',
    )
  })
})

describe('parseRedirection', () => {
  it('reads where a slot has gone, IPv6 and nodes without a name included', () => {
    const to = (text: string) => parseRedirection(new Error(text), asked)
    expect(to('MOVED 3999 127.0.0.1:6381')).toEqual({
      kind: 'moved',
      slot: 3999,
      to: { host: '127.0.0.1', port: 6381 },
    })
    expect(to('MOVED 1 2001:db8::1:6381')).toMatchObject({
      to: { host: '2001:db8::1', port: 6381 },
    })
    expect(to('MOVED 1 :6381')).toMatchObject({ to: { host: 'asked', port: 6381 } })
  })

  it.each([
    'ASK 3999 127.0.0.1:6381',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'CLUSTERDOWN Hash slot not served',
    'ERR Script attempted to access a non local key in a cluster node script: 1, on @user_script:1.',
    'ERR Script attempted to access a slot not served script: 1, on @user_script:1.',
    "ERR Unable to execute command 'mget' in script because undeclared keys were accessed during rehashing of the slot script: 1, on @user_script:18.",
  ])('takes %s for something that passes', (text) => {
    expect(parseRedirection(new Error(text), asked)).toMatchObject({ kind: 'later' })
  })

  it('leaves other errors to others', () => {
    expect(parseRedirection(new Error('WRONGTYPE Operation'), asked)).toBeUndefined()
  })
})

describe('latestEpochOf', () => {
  it('is the highest of all nodes', () => {
    const nodes = [
      'a 127.0.0.1:1@2 master,fail - 0 1 9 connected',
      'b 127.0.0.1:2@3 myself,master - 0 1 12 connected 0-5460 [1->-c]',
      'c 127.0.0.1:3@4,host slave b 0 1 12 connected',
      '',
    ]
    expect(latestEpochOf(nodes.join('\n'))).toBe(12)
  })

  it.each([undefined, null, 5, [], '', 'x', 'a b c d e f g'])('of %j is 0', (reply) => {
    expect(latestEpochOf(reply)).toBe(0)
  })
})
