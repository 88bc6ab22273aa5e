import { describe, expect, it } from '@jest/globals'
import { suggest } from './suggest.ts'

const KEYS = ['events', 'intervals', 'sync_interval', 'sync_limit', 'max_events']

describe('suggest', () => {
  it.each([
    ['event', 'events'],
    ['evnets', 'events'],
    ['Events', 'events'],
    ['syncInterval', 'sync_interval'],
    ['sync intervall', 'sync_interval'],
    ['interval', 'intervals'],
    ['sync-limti', 'sync_limit'],
    ['max', 'max_events'],
  ])('takes %j for %j', (word, meant) => {
    expect(suggest(word, KEYS)).toBe(meant)
  })

  it.each(['', 'password', 'x', 'sync', 'e'.repeat(100_000)])(
    'suggests nothing for what is far off',
    (word) => {
      expect(suggest(word, KEYS)).toBeUndefined()
    },
  )
})
