import { describe, expect, it } from '@jest/globals'
import { ConfigError } from '../errors.ts'
import { hashTag } from './hash-tag.ts'
import { formatNodeAddress, parseNodeAddress } from './node-address.ts'
import { parseConfig } from './parse-config.ts'

const WEB = 'groups: {web: {events: [hit], intervals: [5m]}}'
const TAGGED = 'groups: {"{web}": {events: [hit], intervals: [5m]}}'

function parse(text: string, env: NodeJS.ProcessEnv = {}) {
  return parseConfig(text, { file: 'ecl.yml', env })
}

function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parse(text, env)
    return []
  } catch (caught) {
    if (caught instanceof ConfigError) return caught.problems
    throw caught
  }
}

describe('a config with sentinels', () => {
  it('is read, with variables, hyphens and names that look like numbers', () => {
    const text = [
      'redis:',
      '  password: a',
      '  db: 3',
      '  sentinel:',
      '    name: 1234',
      '    nodes: ["redis1", "${NODE}", "[::1]:26380"]',
      '    password: ${SECRET}',
      WEB,
    ].join('\n')
    expect(parse(text, { NODE: 'redis2:5000', SECRET: 'b' }).backend).toEqual({
      password: 'a',
      db: 3,
      sentinel: { name: '1234', nodes: ['redis1', 'redis2:5000', '[::1]:26380'], password: 'b' },
    })
  })

  it('is refused with a host, a port, a path or a cluster beside it', () => {
    const text = [
      'redis:',
      '  host: a',
      '  port: 1',
      '  cluster: [a]',
      '  sentinel: {name: m, nodes: [a]}',
      TAGGED,
    ].join('\n')
    expect(problemsOf(text)).toEqual([
      'ecl.yml:4: redis.cluster: stands beside host and port; these nodes tell where the others are, so remove cluster, or host and port',
      'ecl.yml:5: redis.sentinel: stands beside host and port and cluster; the sentinels tell where the primary is, so remove sentinel, or host and port and cluster',
    ])
  })

  it('is refused without name or nodes, and with what is no node', () => {
    const text = [
      'redis:',
      '  sentinel:',
      '    nam: mymaster',
      '    nodes:',
      '      - redis1:99999',
      '      - redis://u:secret@redis2',
      '      - ""',
      WEB,
    ].join('\n')
    expect(problemsOf(text)).toEqual([
      'ecl.yml:3: redis.sentinel.nam: is not a key of "sentinel"; did you mean "name"?',
      'ecl.yml:5: redis.sentinel.nodes[0]: is not the address of a node; write HOST:PORT, such as redis1:26379',
      'ecl.yml:6: redis.sentinel.nodes[1]: is not the address of a node; write HOST:PORT, such as redis1:26379',
      'ecl.yml:7: redis.sentinel.nodes[2]: is empty; write HOST:PORT, such as redis1:26379',
    ])
    expect(problemsOf(`redis: {sentinel: {nodes: []}}\n${WEB}`)).toEqual([
      'ecl.yml:1: redis.sentinel.name: is missing; write the name by which the sentinels know the primary, such as mymaster',
      'ecl.yml:1: redis.sentinel.nodes: is empty; write a list of sentinels, such as [redis1:26379, redis2:26379, redis3:26379]',
    ])
  })

  it('is not taken for localhost while it is half written', () => {
    expect(problemsOf(`redis:\n  sentinel:\n${WEB}`)).toEqual([
      'ecl.yml:2: redis.sentinel: is null; write a mapping with name and nodes',
    ])
    expect(problemsOf(`redis:\n  cluster:\n${TAGGED}`)).toEqual([
      'ecl.yml:2: redis.cluster: is null; write a list of some of its nodes, such as [redis1:6379, redis2:6379]',
    ])
  })
})

describe('a config with a cluster', () => {
  it('is read, with TLS and a user', () => {
    const text = `redis: {cluster: ["a:1", b], username: u, password: p, tls: true, db: 0}\n${TAGGED}`
    expect(parse(text).backend).toEqual({
      cluster: ['a:1', 'b'],
      username: 'u',
      password: 'p',
      tls: true,
      db: 0,
    })
  })

  it('is refused with another database than 0', () => {
    expect(problemsOf(`redis:\n  cluster: [a]\n  db: 2\n${TAGGED}`)).toEqual([
      'ecl.yml:3: redis.db: 2 is not there: a Redis Cluster has database 0 only',
    ])
  })

  it('is refused with a group whose keys would be on several nodes', () => {
    const text = [
      'redis: {cluster: [a]}',
      'groups:',
      '  web: {events: [hit], intervals: [5m]}',
      '  "{api}": {events: [hit], intervals: [5m]}',
      '  "{}jobs": {events: [hit], intervals: [5m]}',
    ].join('\n')
    const why =
      'has no part in braces; in a Redis Cluster it needs one, so that all its keys are on one node'
    expect(problemsOf(text)).toEqual([
      `ecl.yml:3: groups.web: the name "web" ${why}: name the group "{web}", here and in every service`,
      `ecl.yml:5: groups.{}jobs: the name "{}jobs" ${why}: name the group "{jobs}", here and in every service`,
    ])
  })
})

describe('hashTag', () => {
  it.each([
    ['{web}', 'web'],
    ['a{web}b', 'web'],
    ['a{{web}}', '{web'],
    ['{}{web}', undefined],
    ['web', undefined],
    ['{web', undefined],
  ])('of %s is %s, as Redis has it', (name, tag) => {
    expect(hashTag(name)).toBe(tag)
  })
})

describe('parseNodeAddress', () => {
  it.each(['redis1:6380', '127.0.0.1:1', '[::1]:65535'])('reads %s', (text) => {
    const address = parseNodeAddress(text, 6379)
    expect(address && formatNodeAddress(address)).toBe(text)
  })

  it.each(['', ':1', 'a:0', 'a:65536', 'a:b', '::1', 'redis://a', 'a b'])('refuses %p', (text) => {
    expect(parseNodeAddress(text, 6379)).toBeUndefined()
  })
})
