import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { eventIdProblem, groupNameProblem } from './names.ts'

/** How the original splits a key: `<group>:<interval>:<cur|last>:<event>`, the event being the rest. */
function splitKey(key: string): { group: string; interval: string; event: string } {
  const [group = '', interval = '', , ...event] = key.split(':')
  return { group, interval, event: event.join(':') }
}

describe('eventIdProblem', () => {
  test.each(['a', '200', '/index.html?a=b c', 'a:b:c', 'über', '💥', 'x@y', '-1', ' ', '*'])(
    'finds nothing wrong with %j',
    (id) => {
      expect(eventIdProblem(id)).toBeUndefined()
    },
  )

  test('refuses an empty ID', () => {
    expect(eventIdProblem('')).toBe('is empty; an event ID has at least one character')
  })

  test.each(['@ts', '@', '@ids'])('refuses %s, which is reserved', (id) => {
    expect(eventIdProblem(id)).toBe('starts with "@", which is reserved')
  })

  test.each(['a\nb', '\t', 'a\u0000', '\u007f', 'a\u0085', '\u009f'])(
    'refuses %j, which holds a control character',
    (id) => {
      expect(eventIdProblem(id)).toBe('holds a control character')
    },
  )
})

describe('groupNameProblem', () => {
  test.each(['requests', 'web-1.errors', '{requests}', '{a}b', 'größe', '200', 'x@y'])(
    'finds nothing wrong with %j',
    (name) => {
      expect(groupNameProblem(name)).toBeUndefined()
    },
  )

  test('refuses an empty name', () => {
    expect(groupNameProblem('')).toBe('is empty; a group name has at least one character')
  })

  test('refuses a reserved name', () => {
    expect(groupNameProblem('@clients')).toBe('starts with "@", which is reserved')
  })

  test.each([':', '*', '?', '[', ']', '^', '\\'])('refuses %s, and names it', (found) => {
    expect(groupNameProblem(`a${found}b`)).toBe(
      `holds "${found}"; a group name has no ":", white space or glob character (* ? [ ] ^ \\)`,
    )
  })

  test.each(['a b', '\u00a0', 'a\u2003b'])('refuses %j, which holds white space', (name) => {
    expect(groupNameProblem(name)).toMatch(/^holds white space; /)
  })

  test('refuses a control character, white space or not', () => {
    expect(groupNameProblem('a\tb')).toBe('holds a control character')
    expect(groupNameProblem('a\u0007b')).toBe('holds a control character')
  })
})

test('names that are allowed can be told apart in a key', () => {
  const name = fc.string({ unit: 'grapheme' })
  const groups = name.filter((text) => groupNameProblem(text) === undefined)
  const events = name.filter((text) => eventIdProblem(text) === undefined)
  fc.assert(
    fc.property(groups, events, (group, event) => {
      const key = `${group}:5m:cur:${event}`
      expect(splitKey(key)).toEqual({ group, interval: '5m', event })
    }),
  )
})
