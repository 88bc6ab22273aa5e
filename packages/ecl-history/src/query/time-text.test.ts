import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import { instantText, isZone, parseInstant } from './time-text.ts'

/** 2026-11-22T23:30:00Z, which is the 23rd in Prague. */
const NOW_MS = Date.UTC(2026, 10, 22, 23, 30)
const iso = (text: string, zone: string) => {
  const instant = parseInstant(text, zone, NOW_MS)
  return typeof instant === 'number' ? new Date(instant * 1000).toISOString() : instant.problem
}

describe('parseInstant', () => {
  it.each([
    ['2026-11-22T18:45:00Z', 'Europe/Prague', '2026-11-22T18:45:00.000Z'],
    ['2026-11-22T18:45:00+05:30', 'UTC', '2026-11-22T13:15:00.000Z'],
    ['2026-11-22t18:45z', 'UTC', '2026-11-22T18:45:00.000Z'],
    ['2026-11-22T18:45', 'Europe/Prague', '2026-11-22T17:45:00.000Z'],
    ['2026-07-22 18:45:10', 'Europe/Prague', '2026-07-22T16:45:10.000Z'],
    ['2026-11-22', 'UTC', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22', 'Europe/Prague', '2026-11-21T23:00:00.000Z'],
    ['today', 'Europe/Prague', '2026-11-22T23:00:00.000Z'],
    ['yesterday', 'Europe/Prague', '2026-11-21T23:00:00.000Z'],
    ['yesterday', 'UTC', '2026-11-21T00:00:00.000Z'],
    ['now', 'UTC', '2026-11-22T23:30:00.000Z'],
    ['1795373400', 'Europe/Prague', '2026-11-22T18:50:00.000Z'],
  ])('reads %s in %s as %s', (text, zone, expected) => {
    expect(iso(text, zone)).toBe(expected)
  })

  it.each([
    '',
    '2026',
    '2026-11',
    '18:45',
    '2026-02-30',
    '2026-11-22T25:00',
    '22.11.2026',
    '24h',
    'tomorrow',
  ])('does not take "%s" for a time', (text) => {
    expect(iso(text, 'UTC')).toMatch(/^is no time; write /)
  })
})

it('knows the names of time zones', () => {
  expect(['UTC', 'Europe/Prague', 'Mars/Olympus', ''].map(isZone)).toEqual([
    true,
    true,
    false,
    false,
  ])
})

it('writes an instant as the clocks of a zone show it, with seconds where they are asked for', () => {
  expect(instantText(1_795_373_400 as EpochSeconds, 'Europe/Prague')).toBe('2026-11-22 19:50')
  expect(instantText(1_795_373_405 as EpochSeconds, 'UTC', true)).toBe('2026-11-22 18:50:05')
})
