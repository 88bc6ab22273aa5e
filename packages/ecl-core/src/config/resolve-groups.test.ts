import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ConfigError } from '../errors.ts'
import type { GroupsConfig } from './config-types.ts'
import { resolveGroups } from './resolve-groups.ts'

/** The lines of the error that a value gives which a program in JavaScript may hand over. */
function problemsOf(groups: unknown, origin?: string): readonly string[] {
  try {
    // @ts-expect-error what is tested is not of the type
    resolveGroups(groups, origin)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('resolveGroups', () => {
  it('fills in defaults, reads intervals, and removes repeats', () => {
    const groups = { web: { events: ['a', 'b', 'a'], intervals: ['5m', '1.5H'] } }
    expect(resolveGroups(groups)).toEqual([
      {
        name: 'web',
        events: ['a', 'b'],
        intervals: [
          { spec: '5m', seconds: 300 },
          { spec: '1.5H', seconds: 5400 },
        ],
        dynamic: false,
        syncIntervalMs: undefined,
        syncLimit: undefined,
        maxEvents: undefined,
        replayLimit: 100_000,
        overflowEvent: 'other',
        pythonWriters: 'auto',
        layout: 'keys',
      },
    ])
  })

  it('looks for no Python programs with layout hash, which they do not know', () => {
    const group = { events: ['a'], intervals: ['5s'], layout: 'hash' } as const
    const auto = { ...group, python_writers: 'auto' } as const
    for (const { layout, pythonWriters } of resolveGroups({ web: group, auto })) {
      expect([layout, pythonWriters]).toEqual(['hash', false])
    }
  })

  it('keeps every option, with sync_interval in whole milliseconds', () => {
    const group = {
      events: [],
      intervals: ['5s'],
      auto_declare_events: true,
      sync_interval: 0.0001,
      sync_limit: 5,
      max_events: 10,
      overflow_event: 'rest',
      replay_limit: 7,
      python_writers: false,
      layout: 'hash',
    } as const
    expect(resolveGroups({ web: group })).toMatchObject([
      {
        dynamic: true,
        syncIntervalMs: 1,
        syncLimit: 5,
        maxEvents: 10,
        replayLimit: 7,
        overflowEvent: 'rest',
        pythonWriters: false,
        layout: 'hash',
      },
    ])
    expect(resolveGroups({ web: { ...group, sync_interval: 0.5 } })[0]?.syncIntervalMs).toBe(500)
  })

  it('does not change what it is given', () => {
    const group = Object.freeze({
      events: Object.freeze(['a', 'a']),
      intervals: Object.freeze(['5m']),
    })
    expect(resolveGroups(Object.freeze({ web: group }))[0]?.events).toEqual(['a'])
  })

  it('has no groups where there are none', () => {
    expect(resolveGroups({})).toEqual([])
  })

  it('names all faults at once, by path', () => {
    const groups = {
      web: { events: ['a'], intervals: ['5m', '5 min', '300s'] },
      'a b': { events: [200], intervals: [] },
      other: { evnts: [], intervals: ['0s'], sync_limit: '5' },
      none: null,
    }
    expect(problemsOf(groups)).toEqual([
      'groups.web.intervals[1]: "5 min" is not an interval; write a number and s, m or h, such as "5m"',
      'groups.web.intervals[2]: "300s" is as long as "5m"; a group has each length once',
      'groups["a b"]: the name "a b" holds white space; a group name has no ":", white space or glob character (* ? [ ] ^ \\)',
      'groups.other.intervals[0]: "0s" is shorter than a second; the shortest interval is "1s"',
      'groups.other.evnts: is not a key of a group; did you mean "events"?',
      'groups["a b"].events[0]: 200 is a number; an event ID is text, such as "hit"',
      'groups.other.sync_limit: "5" is text; write a whole number of events, 1 or more, without quotes',
      'groups.none: is null; a group is a mapping with "events" and "intervals"',
      'groups["a b"].intervals: is empty; write a list of lengths, such as [5s, 5m]',
    ])
  })

  it('opens each line with where the groups come from', () => {
    expect(problemsOf([], 'counters')).toEqual([
      'counters: groups: is a list; write a mapping of group names to groups',
    ])
  })

  it('bears names that every object has', () => {
    const group = { events: ['__proto__', 'toString'], intervals: ['5m'] }
    const groups: GroupsConfig = { constructor: group, ['__proto__']: group }
    expect(resolveGroups(groups).map((spec) => spec.name)).toEqual(['constructor', '__proto__'])
    expect(problemsOf({ web: { ...group, constructor: 1, ['__proto__']: 2 } })).toHaveLength(2)
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('throws nothing but a ConfigError, whatever it is given', () => {
    const key = fc.constantFrom(
      'web',
      'events',
      'intervals',
      'sync_limit',
      'sync-limit',
      '__proto__',
    )
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.constantFrom(null, undefined, true, 0, -1, 0.5, Number.NaN, '5m', '', '@', 5n),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(key, tie('any'), { maxKeys: 4 }),
      ),
    })).any
    fc.assert(
      fc.property(value, (groups) => {
        for (const line of problemsOf(groups)) expect(line).toMatch(/^groups.*: .+$/)
      }),
      { numRuns: 1000 },
    )
  })
})
