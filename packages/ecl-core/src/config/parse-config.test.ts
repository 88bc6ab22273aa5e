import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { eventIdProblem } from '../names.ts'
import type { LoadedConfig } from './config-types.ts'
import { parseConfig } from './parse-config.ts'
import { resolveGroups } from './resolve-groups.ts'

const env = {
  PORT: '6380',
  DIGITS: '12345',
  YES: 'yes',
  EMPTY: '',
  NULL: 'null',
  YAML: 'a: b # [c',
}
function parse(text: string): LoadedConfig {
  return parseConfig(text, { file: 'ecl.yml', env })
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

describe('parseConfig: what is right', () => {
  it('takes event IDs as written, quoted or not', () => {
    const events =
      '[200, yes, 1:30, 1e3, 0x10, 010, "a b", /x?y=1, "null", !!str ~, 2020-01-01, 1_0, .5]'
    expect(parse(withEvents(events)).groups['web']?.events).toEqual(
      ['200', 'yes', '1:30', '1e3', '0x10', '010', 'a b', '/x?y=1', 'null', '~'].concat([
        '2020-01-01',
        '1_0',
        '.5',
      ]),
    )
  })

  it('gives back every event ID that is allowed, as it was before it was written as YAML', () => {
    const event = fc
      .oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('$', '{', '}', 'no', '<<'))
      .filter((id) => eventIdProblem(id) === undefined && !id.includes('${'))
    const types = fc.constantFrom<'QUOTE_DOUBLE' | 'QUOTE_SINGLE'>('QUOTE_DOUBLE', 'QUOTE_SINGLE')
    fc.assert(
      fc.property(fc.uniqueArray(event), types, (events, defaultStringType) => {
        const value = { groups: { web: { events, intervals: ['5m'], auto_declare_events: true } } }
        const text = stringify(value, { defaultStringType, defaultKeyType: 'PLAIN', lineWidth: 0 })
        expect(parse(text).groups['web']?.events).toEqual(events)
      }),
      { numRuns: 500 },
    )
  })

  it('takes texts of the connection as written, too', () => {
    expect(
      parse(withRedis('{host: 10, username: no, password: 0123, port: 0x10, db: 1}')).backend,
    ).toEqual({ host: '10', username: 'no', password: '0123', port: 16, db: 1 })
  })

  it('puts variables in after parsing, by the type that their place wants', () => {
    const { backend, groups } = parse(
      `
redis: { port: \${PORT}, password: \${YAML}, username: '\${DIGITS}', path: \${NO:-/a b}/\${YES} }
groups:
  web:
    events: [\${DIGITS}, "\${YAML}", \${NULL}, $\${DIGITS}, x\${YES}]
    intervals: ["\${NO:-5m}"]
    auto_declare_events: \${YES}
    sync_interval: \${EMPTY:-0.5}
`.replace('port: ${PORT}, ', ''),
    )
    expect(backend).toEqual({ password: 'a: b # [c', username: '12345', path: '/a b/yes' })
    expect(groups['web']).toEqual({
      events: ['12345', 'a: b # [c', 'null', '${DIGITS}', 'xyes'],
      intervals: ['5m'],
      auto_declare_events: true,
      sync_interval: 0.5,
    })
    expect(parse(withRedis('{ port: ${PORT} }')).backend).toEqual({ port: 6380 })
    expect(parse(withRedis('redis://:${DIGITS}@localhost:${PORT}/1')).backend).toBe(
      'redis://:12345@localhost:6380/1',
    )
  })

  it('reads YAML as the original does: merge keys, anchors, yes and no, octal numbers', () => {
    const { groups } = parse(`
groups:
  a: &a { events: &e [x], intervals: [5m], auto_declare_events: Yes, sync_limit: 010 }
  b: { sync_limit: 5, <<: *a }
  c: { <<: [{ events: *e, sync_limit: 1 }, *a], python_writers: off }
  d: *a
`)
    const a = { events: ['x'], intervals: ['5m'], auto_declare_events: true, sync_limit: 8 }
    expect(groups).toEqual({
      a,
      b: { ...a, sync_limit: 5 },
      c: { ...a, sync_limit: 1, python_writers: false },
      d: a,
    })
  })

  it.each([
    ['nothing', ''],
    ['null', 'redis:\n'],
    ['an empty mapping', 'redis: {}\n'],
  ])('has defaults for redis being %s', (_what, redis) => {
    const { backend, warnings } = parse(`${redis}groups: {web: {events: [a], intervals: [5m]}}`)
    expect(backend).toEqual({})
    expect(warnings).toEqual([])
  })

  it.each(['redis://localhost', 'rediss://u:p@h:1/2', 'REDIS://[::1]:6379/'])(
    'accepts the URL %s',
    (url) => {
      expect(parse(withRedis(`"${url}"`)).backend).toBe(url)
    },
  )

  it.each(['__proto__', 'constructor', '{requests}', 'yes', '200', 'žluť'])(
    'bears a group called %s',
    (name) => {
      const { groups } = parse(`groups: {"${name}": {events: [a], intervals: [5m]}}`)
      expect(Object.keys(groups)).toEqual([name])
      expect(resolveGroups(groups)[0]?.name).toBe(name)
      expect(Object.getPrototypeOf(groups)).toBe(Object.getPrototypeOf({}))
    },
  )
})

describe('parseConfig: what is suspicious', () => {
  it.each([
    ['{}', '1: groups: no groups are configured, so nothing is counted'],
    ['redis:\ngroups:\n', '2: groups: no groups are configured, so nothing is counted'],
    ['groups: {}', '1: groups: holds no groups, so nothing is counted'],
    [
      withEvents('[]'),
      '4: groups.web.events: is empty, so this group counts nothing; list some, or set auto_declare_events',
    ],
    [withEvents('[a, b, a]'), '4: groups.web.events[2]: "a" is listed already, as events[0]'],
    [
      withGroup('max_events: 5'),
      '5: groups.web.max_events: has no effect in a group that is not dynamic; remove it, or set auto_declare_events',
    ],
    [
      withGroup('auto_declare_events: true\noverflow_event: rest'),
      '6: groups.web.overflow_event: has no effect without max_events; remove it, or set max_events',
    ],
    [
      withGroup('auto-declare-events: true'),
      '5: groups.web.auto_declare_events: is spelled "auto-declare-events"; it works, but write it with "_"',
    ],
    [
      withGroup('sync_limit:'),
      '5: groups.web.sync_limit: has no value, so its default applies; remove it, or write a whole number of events, 1 or more',
    ],
    [
      withRedis('{password: ~}'),
      '1: redis.password: has no value, so its default applies; remove it, or write text',
    ],
  ])('warns of %j', (text, warning) => {
    expect(parse(text).warnings).toEqual([`ecl.yml:${warning}`])
  })

  it.each([
    ['hit rate', 'hit\u00a0rate', 'the kind or the number of blanks (U+00A0 against U+0020)'],
    ['hit rate', 'hit  rate', 'the kind or the number of blanks (U+0020 against nothing)'],
    ['hit', 'hi\u200bt', 'an invisible character (U+200B against nothing)'],
    ['hit', '\ufeffhit', 'invisible characters (U+FEFF against nothing)'],
    ['hit\u00ad', 'hit', 'an invisible character (nothing against U+00AD)'],
    ['hit', 'hit ', 'a blank at the beginning or the end (U+0020 against nothing)'],
    [
      'caf\u00e9',
      'cafe\u0301',
      'their Unicode normalisation (NFC, NFD) (U+0065 U+0301 against U+00E9)',
    ],
    [
      'caf\u00e9 1',
      'cafe\u0301\u00a01',
      'the kind or the number of blanks and their Unicode normalisation (NFC, NFD) (U+0065 U+0301 U+00A0 against U+00E9 U+0020)',
    ],
  ])('warns of two names that look the same: %j and %j', (first, second, difference) => {
    const escaped = (name: string) =>
      `"${name.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
    const names = (where: string) =>
      `${escaped(second)} looks like ${where}, ${escaped(first)}, and is counted apart from it`
    const how = `they differ by ${difference}; if that is a slip, write it as there`
    const list = (name: string) => `["${name}"]`
    const { warnings } = parse(withEvents(`["${first}", x, "${second}"]`))
    expect(warnings).toEqual([`ecl.yml:4: groups.web.events[2]: ${names('events[0]')}; ${how}`])
    const dynamic = `auto_declare_events: true\nmax_events: 9\noverflow_event: "${second}"`
    const overflow = parse(withGroup(dynamic).replace(/events: \[.*\]/, `events: ${list(first)}`))
    expect(overflow.warnings).toEqual([
      expect.stringContaining(`overflow_event: ${names('events[0]')}; ${how}`),
    ])
    if (/[\s\u00a0]/.test(first + second)) return
    const groups = [first, second].map((name) => `  "${name}": {events: [a], intervals: [5m]}\n`)
    expect(parse(`groups:\n${groups.join('')}`).warnings).toEqual([
      expect.stringContaining(`${names('another group')}; ${how}`),
    ])
  })

  it.each([
    ['a', 'A'],
    ['hit', 'hits'],
    ['a b', 'ab'],
    ['caf\u00e9', 'cafe'],
    ['\u8def\u5f84', '\u8def'],
  ])('does not warn of two names that look different: %j and %j', (first, second) => {
    expect(parse(withEvents(`["${first}", "${second}"]`)).warnings).toEqual([])
  })

  it('leaves out an option without a value', () => {
    expect(parse(withGroup('sync_limit:')).groups['web']).not.toHaveProperty('sync_limit')
  })
})
