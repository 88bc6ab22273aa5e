import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { maskUrl } from './secrets.ts'

describe('maskUrl', () => {
  it.each([
    ['postgres://ecl:p@ssw0rd!@host/db', 'postgres://ecl:***@host/db'],
    [
      'postgres://ecl:p%40ss@host:5432/db?sslmode=require',
      'postgres://ecl:***@host:5432/db?sslmode=require',
    ],
    ['postgres://ecl:a/b?c#d:e@host/db', 'postgres://ecl:***@host/db'],
    ['postgres://ecl:12#34@host/db', 'postgres://ecl:***@host/db'],
    ['postgres://ecl:100%sure@host/db', 'postgres://ecl:***@host/db'],
    ['postgres://ecl@/db?host=%2Frun', 'postgres://ecl@/db?host=%2Frun'],
    ['postgres://host/db', 'postgres://host/db'],
    ['postgres://ecl@host/db?password=a&b#c', 'postgres://ecl@host/db?password=***'],
    ['postgres://host/db?host=x&sslpassword=geheim', 'postgres://host/db?host=x&sslpassword=***'],
    ['postgres://host/db?pass%77ord=geheim', 'postgres://host/db?pass%77ord=***'],
    ['rediss://:geheim@host:6380/0', 'rediss://:***@host:6380/0'],
    ['host=db user=ecl password=geheim', 'host=db user=ecl password=***'],
    ['history.db', 'history.db'],
    ['', ''],
  ])('makes of %s: %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked)
  })

  it('shows nothing of a password, whatever is in it, and however it is written', () => {
    const password = fc.string({ minLength: 1, unit: 'binary' }).map((text) => `~${text}~~`)
    fc.assert(
      fc.property(password, fc.boolean(), fc.boolean(), (text, isEncoded, isParameter) => {
        const written = isEncoded ? encodeURIComponent(text) : text
        const url = isParameter
          ? `postgres://ecl@host/db?sslmode=require&password=${written}`
          : `postgres://ecl:${written}@host/db`
        expect(maskUrl(url)).not.toContain('~')
      }),
    )
  })
})
