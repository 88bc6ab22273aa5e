import { describe, expect, it } from '@jest/globals'
import { parseOptions } from './options.ts'

describe('the options of npm run bench', () => {
  it('are a whole run where none are given', () => {
    expect(parseOptions([])).toEqual({
      ...{ growth: false, quick: false, list: false, write: false },
      ...{ only: undefined, rounds: undefined, json: undefined, python: undefined },
    })
  })

  it('name cases', () => {
    expect(parseOptions(['--only', 'log-10,idle'])?.only).toEqual(['log-10', 'idle'])
  })

  it.each([
    [['--rounds', '0'], /whole number from 1 to 50/],
    [['--write', '--quick'], /whole runs/],
    [['--write', '--only', 'idle'], /whole runs/],
    [['--fast'], /--fast/],
  ])('are refused as %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})
