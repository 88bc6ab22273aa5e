import { describe, expect, it } from '@jest/globals'
import { BadNames } from './bad-names.ts'

function badNames() {
  const told: string[] = []
  return { told, names: new BadNames((message) => told.push(message)) }
}

describe('BadNames', () => {
  it('tells of each name once, and counts all lines', () => {
    const { told, names } = badNames()
    names.note('a', 'is not declared', 2)
    names.note('a', 'is not declared', 3)
    names.noteOverlong(1)
    names.noteOverlong(0)
    names.noteOverlong(1)
    expect(told).toEqual([
      'event "a" is not declared; it is not counted',
      'a line of more than 65,536 characters is no event; it is not counted',
    ])
    expect(names.lines).toBe(7)
  })

  it('shows the beginning of a long name', () => {
    const { told, names } = badNames()
    names.note('x'.repeat(60_000), 'is not declared', 1)
    expect(told).toEqual([`event "${'x'.repeat(100)}…" is not declared; it is not counted`])
  })

  it('tells of 100 names, and that there are more', () => {
    const { told, names } = badNames()
    for (let i = 0; i < 1000; i++) names.note(`e${i}`, 'is not declared', 1)
    expect(told).toHaveLength(101)
    expect(told.at(-1)).toBe('there are more such names; they are counted at the end')
    expect(names.lines).toBe(1000)
  })
})
