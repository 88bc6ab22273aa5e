import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ConfigError } from '../errors.ts'
import { parseConfig } from './parse-config.ts'

const SECRET = 's3cret'
const env = { PORT: '6380', DIGITS: '12345', EMPTY: '', SECRET }

/** The lines that a config gives instead of being loaded. */
function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, { file: 'ecl.yml', env })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** A config of one group, whose lines begin with line 5. */
function withGroup(lines: string): string {
  return `groups:\n  web:\n    events: [a]\n    intervals: [5m]\n${lines.replaceAll(/^/gm, '    ')}\n`
}

function withEvents(events: string): string {
  return `groups:\n  web:\n    intervals: [5m]\n    events: ${events}\n`
}

/** A config with something after `redis:`, in line 1. */
function withRedis(redis: string): string {
  return `redis: ${redis}\ngroups: {web: {events: [a], intervals: [5m]}}\n`
}

describe('parseConfig, where something is wrong,', () => {
  it.each([
    // The whole file.
    [
      '',
      ' is empty; a config needs "groups", such as groups: {web: {events: [hit, error], intervals: [5m]}}',
    ],
    [
      '# nothing\n',
      ' is empty; a config needs "groups", such as groups: {web: {events: [hit, error], intervals: [5m]}}',
    ],
    ['- a', '1: is a list; a config is a mapping with "redis" and "groups"'],
    ['text', '1: "text" is text; a config is a mapping with "redis" and "groups"'],
    [
      'groups: {}\n---\n',
      '2: a second YAML document begins here; a config is one document, so remove the "---"',
    ],
    [
      'groups: [a',
      '1: YAML syntax error: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['groups:\n\tweb: 1', '2: YAML syntax error: Tabs are not allowed as indentation'],
    ['groups: '.padEnd(5000, '['), ' is nested too deeply for a config'],
    [
      'groups:\n  web: !!python/object:os.system {}',
      '2: groups.web: the tag "!!python/object:os.system" has no meaning in a config; remove it',
    ],
    ['groups: {[a]: {}}', '1: groups: has a list or a mapping for a key; a key is text'],
    [
      'groups: *a',
      '1: groups: the alias "*a" has no anchor before it; quote the value if a "*" was meant',
    ],
    [
      'groups: &a {b: *a}',
      '1: groups.b: the alias "*a" stands within the value that it stands for; remove it',
    ],
    [
      'groups: {a: {<<: x, events: [a], intervals: [5m]}}',
      '1: groups.a.<<: merges what is no mapping; write "<<: *name" of a mapping',
    ],
    // Keys.
    ['groups: {}\nredsi: {}', '2: redsi: is not a key of a config; did you mean "redis"?'],
    ['groups: {}\nhost: x', '2: host: is not a key of a config; did you mean it under "redis"?'],
    [
      'web:\n  events: []',
      '1: web: is not a key of a config; did you mean it as a group, under "groups"?',
    ],
    [
      withRedis('{passwd: s3cret}'),
      '1: redis.passwd: is not a key of "redis"; did you mean "password"?',
    ],
    [withRedis('{uri: x}'), '1: redis.uri: is not a key of "redis"; did you mean "url"?'],
    [
      withRedis('{url: x}'),
      '1: redis.url: is not a URL; write redis://HOST:PORT/DB, or rediss://… for TLS',
    ],
    [
      withRedis('{url: "redis://h", host: h}'),
      '1: redis.url: stands beside host; the URL says where Redis is, so remove url, or host',
    ],
    [
      withRedis('{url: "rediss://h", tls: false}'),
      '1: redis.tls: is off, where the URL has rediss://; write redis://, or remove tls',
    ],
    [
      withRedis('"rediss://h?ssl_cert_reqs=none"'),
      '1: redis: has parameters after "?", which have no meaning; write certificates and their checks under "tls", beside "url: rediss://…"',
    ],
    [
      withRedis('"redis://:100%sure@h/0"'),
      '1: redis: has a "%" in its password that does not stand for a character; write special characters as %XX, and "%" itself as %25',
    ],
    [withRedis('{tls: {caa: x}}'), '1: redis.tls.caa: is not a key of "tls"; did you mean "ca"?'],
    [
      withGroup('syncInterval: 1'),
      '5: groups.web.syncInterval: is not a key of a group; did you mean "sync_interval"?',
    ],
    [
      withGroup('sync-interval: 1\nsync_interval: 2'),
      '6: groups.web.sync_interval: stands beside "sync-interval", which is the same; remove one of them',
    ],
    [
      withGroup('sync_limit: 1\nsync_limit: 1'),
      '6: groups.web.sync_limit: is there already, in line 5; remove one of them',
    ],
    [
      'groups:\n  a: {events: [a], intervals: [5m]}\n  a: {}',
      '3: groups.a: is there already, in line 2; remove one of them',
    ],
    [
      'groups:\n  a: {events: [a]}',
      '2: groups.a.intervals: is missing; write a list of lengths, such as [5s, 5m]',
    ],
    [
      'groups:\n  a: {event: [a], intervals: [5m]}',
      '2: groups.a.event: is not a key of a group; did you mean "events"?',
    ],
    // Groups.
    ['groups: [a]', '1: groups: is a list; write a mapping of group names to groups'],
    ['groups: {a: }', '1: groups.a: is null; a group is a mapping with "events" and "intervals"'],
    [
      'groups: {a: [x]}',
      '1: groups.a: is a list; a group is a mapping with "events" and "intervals"',
    ],
    [
      'groups: {"a:b": {events: [a], intervals: [5m]}}',
      '1: groups.a:b: the name "a:b" holds ":"; a group name has no ":", white space or glob character (* ? [ ] ^ \\)',
    ],
    [
      withEvents(''),
      '4: groups.web.events: is null; write a list of event IDs, such as [hit, error]',
    ],
    [
      withEvents('hit'),
      '4: groups.web.events: "hit" is text; write a list of event IDs, such as [hit, error]',
    ],
    [
      withEvents('{a: 1}'),
      '4: groups.web.events: is a mapping; write a list of event IDs, such as [hit, error]',
    ],
    [
      withEvents('\n    - a\n    - \n    - b'),
      '6: groups.web.events[1]: is null; an event ID is text, such as "hit"',
    ],
    [withEvents('[~]'), '4: groups.web.events[0]: is null; an event ID is text, such as "hit"'],
    [withEvents('[[a]]'), '4: groups.web.events[0]: is a list; an event ID is text, such as "hit"'],
    [
      withEvents('[a: b]'),
      '4: groups.web.events[0]: is a mapping; an event ID is text, such as "hit"',
    ],
    [withEvents('["@x"]'), '4: groups.web.events[0]: "@x" starts with "@", which is reserved'],
    [withEvents('["a\\tb"]'), '4: groups.web.events[0]: "a\\tb" holds a control character'],
    [
      withEvents('["a\\ud83d"]'),
      '4: groups.web.events[0]: "a\\ud83d" holds half of a surrogate pair, which is no character',
    ],
    [
      withEvents('[""]'),
      '4: groups.web.events[0]: "" is empty; an event ID has at least one character',
    ],
    [
      withGroup('<<: {intervals: []}').replace('    intervals: [5m]\n', ''),
      '4: groups.web.intervals: is empty; write a list of lengths, such as [5s, 5m]',
    ],
    [
      withGroup('').replace('5m', '5s, 5 min'),
      '4: groups.web.intervals[1]: "5 min" is not an interval; write a number and s, m or h, such as "5m"',
    ],
    [
      withGroup('').replace('5m', '60s, 1m'),
      '4: groups.web.intervals[1]: "1m" is as long as "60s"; a group has each length once',
    ],
    [
      withGroup('').replace('5m', '5m, 5m'),
      '4: groups.web.intervals[1]: "5m" is listed already; a group has each length once',
    ],
    [
      withGroup('').replace('5m', '300'),
      '4: groups.web.intervals[0]: "300" is not an interval; write a number and s, m or h, such as "5m"',
    ],
    [
      withGroup('sync_interval: 0'),
      '5: groups.web.sync_interval: 0 is too small; write seconds above 0, at most 86400, such as 2 or 0.5',
    ],
    [
      withGroup('sync_interval: .inf'),
      '5: groups.web.sync_interval: .inf is not finite; write seconds above 0, at most 86400, such as 2 or 0.5',
    ],
    [
      withGroup('sync_interval: 2s'),
      '5: groups.web.sync_interval: "2s" is text; write seconds above 0, at most 86400, such as 2 or 0.5',
    ],
    [
      withGroup('sync_limit: "5"'),
      '5: groups.web.sync_limit: "5" is text; write a whole number of events, 1 or more, without quotes',
    ],
    [
      withGroup('sync_limit: 1.5'),
      '5: groups.web.sync_limit: 1.5 is not a whole number; write a whole number of events, 1 or more',
    ],
    [
      withGroup('max_events: -1'),
      '5: groups.web.max_events: -1 is too small; write a whole number of events, 1 or more',
    ],
    [
      withGroup('auto_declare_events: y'),
      '5: groups.web.auto_declare_events: "y" is text; write true or false',
    ],
    [
      withGroup('auto_declare_events: 1'),
      '5: groups.web.auto_declare_events: 1 is a number; write true or false',
    ],
    [
      withGroup('python_writers: maybe'),
      '5: groups.web.python_writers: "maybe" is not one of its values; write true, false or auto',
    ],
    [
      withGroup('layout: hashes'),
      '5: groups.web.layout: "hashes" is not one of its values; write keys or hash',
    ],
    [
      withGroup('layout: hash\npython_writers: true'),
      '6: groups.web.python_writers: stands beside layout: hash, which Python programs cannot write or read; remove one of the two',
    ],
    [
      withGroup('overflow_event: "@rest"'),
      '5: groups.web.overflow_event: "@rest" starts with "@", which is reserved',
    ],
    [
      withGroup('overflow_event: [a]'),
      '5: groups.web.overflow_event: is a list; write an event ID, such as other',
    ],
    // Redis.
    [
      withRedis('[]'),
      '1: redis: is a list; write a mapping (host, port, db, …) or a URL, such as redis://localhost:6379/0',
    ],
    [
      withRedis('localhost:6379'),
      '1: redis: is not a URL; write redis://HOST:PORT/DB, or rediss://… for TLS',
    ],
    [
      withRedis('/run/redis.sock'),
      '1: redis: is not a URL; "path: …" under redis reaches a Unix socket; write redis://HOST:PORT/DB, or rediss://… for TLS',
    ],
    [
      withRedis('http://u:s3cret@h'),
      '1: redis: has the scheme http://; write redis://HOST:PORT/DB, or rediss://… for TLS',
    ],
    [
      withRedis('redis://:s3cret@h:99999'),
      '1: redis: is not a valid URL; write redis://HOST:PORT/DB, or rediss://… for TLS, with special characters of a password as %XX',
    ],
    [
      withRedis('redis:///0'),
      '1: redis: names no host; write redis://HOST:PORT/DB, or rediss://… for TLS',
    ],
    [
      withRedis('redis://h/x'),
      '1: redis: has no database number after the host; write redis://HOST:PORT/DB, or rediss://… for TLS, with special characters of a password as %XX',
    ],
    [
      withRedis('{port: 65536}'),
      '1: redis.port: 65536 is too large; write a whole number from 0 to 65535',
    ],
    [
      withRedis('{port: "6379"}'),
      '1: redis.port: "6379" is text; write a whole number from 0 to 65535, without quotes',
    ],
    [
      withRedis('{db: -1}'),
      '1: redis.db: -1 is too small; write the index of a database: a whole number, 0 or more',
    ],
    [
      withRedis('{tls: }'),
      '1: redis.tls: is null; write true, or a mapping with ca, cert, key, servername or reject_unauthorized',
    ],
    [withRedis('{tls: {ca: ""}}'), '1: redis.tls.ca: is empty; write the name of a PEM file'],
    [
      withRedis('{path: /x, port: 1}'),
      '1: redis.path: stands beside port; a Unix socket has no host and port, so remove path, or port',
    ],
    // Variables.
    [
      withRedis('{host: "${MISSING}"}'),
      '1: redis.host: the environment variable MISSING is not set; set it, or write ${MISSING:-default}',
    ],
    [
      withEvents('[${MISSING}]'),
      '4: groups.web.events[0]: the environment variable MISSING is not set; set it, or write ${MISSING:-default}',
    ],
    [
      withRedis('{port: "${PORT}"}'),
      '1: redis.port: the value of "${PORT}" is text; write a whole number from 0 to 65535, without quotes',
    ],
    [
      withRedis('{port: ${EMPTY}}'),
      '1: redis.port: the value of "${EMPTY}" is empty; write a whole number from 0 to 65535',
    ],
    [
      withGroup('').replace('5m', '${DIGITS}'),
      '4: groups.web.intervals[0]: the value of "${DIGITS}" is not an interval; write a number and s, m or h, such as "5m"',
    ],
  ])('says of %j what and where', (text, problem) => {
    expect(problemsOf(text)).toEqual([`ecl.yml:${problem}`])
  })

  it('says everything at once, by line', () => {
    const text = `redis:
  port: x
  db: \${MISSING}
groups:
  a:
    events: [a, ~]
    intervals: [5 min]
  "b c":
    events: []
  a: {}
`
    expect(problemsOf(text)).toEqual([
      'ecl.yml:2: redis.port: "x" is text; write a whole number from 0 to 65535',
      'ecl.yml:3: redis.db: the environment variable MISSING is not set; set it, or write ${MISSING:-default}',
      'ecl.yml:6: groups.a.events[1]: is null; an event ID is text, such as "hit"',
      'ecl.yml:7: groups.a.intervals[0]: "5 min" is not an interval; write a number and s, m or h, such as "5m"',
      'ecl.yml:8: groups["b c"]: the name "b c" holds white space; a group name has no ":", white space or glob character (* ? [ ] ^ \\)',
      'ecl.yml:8: groups["b c"].intervals: is missing; write a list of lengths, such as [5s, 5m]',
      'ecl.yml:10: groups.a: is there already, in line 5; remove one of them',
    ])
  })

  it.each([
    withRedis('{password: [s3cret]}'),
    withRedis('{password: {s3cret: s3cret}}').replace('{s3cret: ', '{a: '),
    withRedis('{password: !s3cret}'),
    withRedis('\n  password: *s3cret'),
    withRedis('\n  password: @s3cret'),
    withRedis('\n  password: s3cret: s3cret'),
    withRedis('\n  password: "s3cret" s3cret'),
    withRedis('\n  password: "s3cret'),
    withRedis('\n  password: [s3cret'),
    withRedis('{password: "${MISSING}s3cret"}'),
    withRedis('{password: "${s3cret"}').replace('${', '${ '),
    withRedis('s3cret'),
    withRedis('s3cret@host:6379'),
    withRedis('redis://u:s3cret@h/x'),
    withRedis('{host: "redis://u:s3cret@h"}'),
    withRedis('{host: "u:s3cret@h"}'),
    withRedis('{pass: s3cret}'),
    withRedis('{port: ${SECRET}, db: "${NO:-s3cret}", tls: ${SECRET}}'),
    withEvents('["@${SECRET}", "${SECRET}", "${SECRET}"]').replace('[5m]', '["${SECRET}"]'),
  ])('keeps secrets back in %j', (text) => {
    expect(problemsOf(text).join('\n')).not.toContain(SECRET)
  })

  it('stops at aliases of aliases that stand for too much', () => {
    const levels = 'bcdefgh'.split('').map((name, index) => {
      const items = Array.from({ length: 10 }, () => `*${'abcdefg'[index]}`)
      return `  ${name}: &${name} [${items.join(', ')}]`
    })
    const problems = problemsOf(
      `groups:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}`,
    )
    expect(problems.filter((line) => line.includes('aliases stand for more than'))).toEqual([
      'ecl.yml:6: groups.e[7]: aliases stand for more than 100,000 values; use fewer',
    ])
  })

  it('says something in one line each, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        'groups',
        'redis',
        'web',
        'events',
        'intervals',
        'password',
        '5m',
        'a',
        '1',
        '~',
        '${A}',
        '${',
      ],
      ...[
        ': ',
        ':',
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '"',
        "'",
        '#',
        '|\n',
        '>',
      ],
      ...['&a ', '*a', '<<: ', '!!str ', '!x ', '? ', '%', '@', '---\n', '...\n', '\t', '\u2028'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const line of problemsOf(pieces.join('')))
          expect(line).toMatch(/^ecl\.yml:(\d+:)? .+$/)
      }),
      { numRuns: 2000 },
    )
  })
})
