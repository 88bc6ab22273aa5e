import { describe, expect, it } from '@jest/globals'
import { resolveGroups } from 'ecl-core'
import { suggestions, targetsOf } from './targets.ts'

const GROUPS = resolveGroups({
  web: { events: ['a'], intervals: ['5s', '5m', '1h'] },
  web_5m: { events: ['a'], intervals: ['10m', '1h'] },
  short: { events: ['a'], intervals: ['1s', '1m'] },
  'a/b': { events: ['a'], intervals: ['1h'] },
})

function targets(link: string, groups?: string, interval?: string): string[] {
  const found = targetsOf(GROUPS, { link, groups, interval })
  return found.map((one) => `${one.group.name} ${one.interval.spec}`)
}

describe('a link', () => {
  it.each([
    ['ecl_web', 'web 5m'],
    ['ecl_web_1h', 'web 1h'],
    ['ecl_web_5s', 'web 5s'],
    ['ecl_web_5m', 'web_5m 10m'],
    ['ecl_web_5m_1h', 'web_5m 1h'],
    ['ecl_short', 'short 1m'],
    ['host_ecl_web', 'web 5m'],
  ])('%s shows %s', (link, target) => {
    expect(targets(link)).toEqual([target])
  })

  it('without a group shows all, in the order of the config', () => {
    expect(targets('ecl_')).toEqual(['web 5m', 'web_5m 10m', 'short 1m', 'a/b 1h'])
  })

  it.each(['ecl_nope', 'ecl_web_2h', 'ecl_web_', 'ecl_WEB'])('%s is an error', (link) => {
    expect(() => targets(link)).toThrow(/neither a group .* groups: web, web_5m, short, a\/b$/)
  })
})

describe('the environment', () => {
  it('names the group and the interval, whatever the link says', () => {
    expect(targets('ecl_web', 'a/b')).toEqual(['a/b 1h'])
    expect(targets('ecl_web', undefined, '5s')).toEqual(['web 5s'])
    expect(targets('ecl_x', 'a/b_1h')).toEqual(['a/b 1h'])
  })

  it('names several groups, once each', () => {
    expect(targets('ecl_x', ' web_1h  a/b web_1h ')).toEqual(['web 1h', 'a/b 1h'])
    expect(targets('ecl_x', 'web web_5m', '1h')).toEqual(['web 1h', 'web_5m 1h'])
  })

  it('names an interval that there is', () => {
    expect(() => targets('ecl_web', undefined, '300s')).toThrow(/there are: 5s, 5m, 1h$/)
  })
})

it('suggests groups whose names a link can have', () => {
  expect(suggestions(GROUPS)).toEqual(['web', 'web_5m', 'short'])
})

it('has nothing to show where there are no groups', () => {
  expect(() => targetsOf([], { link: 'ecl_', groups: undefined, interval: undefined })).toThrow(
    'no groups',
  )
})
