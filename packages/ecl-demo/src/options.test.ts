import { describe, expect, it } from '@jest/globals'
import { UsageError } from './errors.ts'
import { HELP, parseOptions } from './options.ts'

describe('parseOptions', () => {
  it('runs for 20 s in windows of 5 s where nothing else is asked for', () => {
    expect(parseOptions([])).toEqual({ input: undefined, seconds: 20, window: 5, redis: undefined })
  })

  it('reads all options', () => {
    const args = ['--input', 'a.log', '--seconds=8', '--window', '2']
    const read = { input: 'a.log', seconds: 8, window: 2 }
    expect(parseOptions(args)).toEqual({ ...read, redis: undefined })
  })

  it.each([
    [['--redis'], 'private'],
    [['--redis', '--seconds', '9'], 'private'],
    [['--redis', 'redis://localhost:6379/15'], 'redis://localhost:6379/15'],
    [['--redis=rediss://h'], 'rediss://h'],
  ])('takes %j for a Redis', (args, redis) => {
    expect(parseOptions(args)).toMatchObject({ redis })
  })

  it.each(['-h', '--help'])('returns nothing for %s', (option) => {
    expect(parseOptions([option])).toBeUndefined()
  })

  it.each([
    [['--colour'], "Unknown option '--colour'"],
    [['a.log'], "Unexpected argument 'a.log'. This command does not take positional arguments"],
    [['--input'], "Option '--input <value>' argument missing"],
    [['--input', '--seconds'], "Option '--input' argument is ambiguous."],
    [['--redis=localhost'], '--redis takes a URL, such as redis://localhost:6379/15, or nothing'],
    [['--input='], '--input needs the name of a file'],
    [['--seconds', '0'], '--seconds: "0" is not a whole number from 1 to 3600'],
    [['--seconds', '1.5'], '--seconds: "1.5" is not a whole number from 1 to 3600'],
    [['--window', '31'], '--window: "31" is not a whole number from 1 to 30'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(new UsageError(message))
  })

  it('names the options and the sample in a help of at most 100 columns', () => {
    for (const word of [
      '--input FILE',
      '--seconds N',
      '--window N',
      '--redis [URL]',
      'sample/access.log',
    ]) {
      expect(HELP).toContain(word)
    }
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })
})
