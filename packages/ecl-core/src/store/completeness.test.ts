import { describe, expect, it } from '@jest/globals'
import type { EpochSeconds } from '../interval.ts'
import { FIVE_SECONDS, groupSpec, NOON } from '../testing/hand-client.ts'
import { judge, type WindowEvidence } from './completeness.ts'
import type { ClientAccount } from './counter-store.ts'

/** A client that was heard just before a moment, all seconds after noon. */
const client = (
  given: { through: number; lastUse: number } & Partial<Omit<ClientAccount, 'through' | 'lastUse'>>,
): ClientAccount => ({
  ...{ clientId: 'host/1/a', number: 7, closed: false, acknowledged: false },
  ...{ lossUntil: 0 as EpochSeconds },
  ...{ logged: 10, applied: 10, unsent: 0, refused: 0, late: 0, replayed: 0 },
  ...given,
  through: (NOON + given.through) as EpochSeconds,
  lastUse: (NOON + given.lastUse) as EpochSeconds,
})
/** The window from noon to five seconds after, read so many seconds after noon. */
const judged = (
  readAt: number,
  clients: readonly ClientAccount[],
  given: Partial<WindowEvidence> = {},
) =>
  judge({
    ...{ group: groupSpec({ pythonWriters: 'auto' }), interval: FIVE_SECONDS },
    ...{ start: NOON as EpochSeconds, isCurrent: false, storeTimeMs: (NOON + readAt) * 1000 },
    ...{ storedSum: 10n, loggedSum: 10n, aheadAt: 0, isForeign: false, clients },
    ...given,
  })

describe('judge', () => {
  it('calls a window complete when all clients are flushed through its end', () => {
    const clients = [client({ through: 5, lastUse: 5 }), client({ through: 8, lastUse: 8 })]
    expect(judged(8, clients)).toEqual({ status: 'complete' })
  })

  it('calls a window complete into which nobody counts', () => {
    expect(judged(8, [])).toEqual({ status: 'complete' })
  })

  it('calls nothing complete before the grace is over', () => {
    const clients = [client({ through: 5, lastUse: 5 })]
    expect(judged(6.9, clients)).toEqual({ status: 'pending', missing: [] })
    expect(judged(7, clients)).toEqual({ status: 'complete' })
  })

  it('waits for a client that may still come, and names it', () => {
    const clients = [client({ through: 4, lastUse: 4 })]
    expect(judged(8, clients)).toEqual({ status: 'pending', missing: ['host/1/a'] })
    expect(judged(13.9, clients)).toEqual({ status: 'pending', missing: ['host/1/a'] })
    expect(judged(14, clients)).toEqual({ status: 'partial', missing: ['host/1/a'] })
  })

  it('misses a client that died in the window, or less than its lease before it', () => {
    expect(judged(60, [client({ through: -9, lastUse: -9 })]).status).toBe('partial')
    expect(judged(60, [client({ through: 4, lastUse: 4 })]).status).toBe('partial')
  })

  it('misses no client that was dead when the window began', () => {
    expect(judged(60, [client({ through: -10, lastUse: -10 })])).toEqual({ status: 'complete' })
  })

  it('misses no client that has said farewell', () => {
    const clients = [client({ through: 2, lastUse: 2, closed: true })]
    expect(judged(60, clients)).toEqual({ status: 'complete' })
  })

  it('misses a client that has only just registered, and may have counted before', () => {
    expect(judged(8, [client({ through: -NOON, lastUse: 7 })]).status).toBe('pending')
  })

  it('says which windows hold counts that the store has forgotten for good', () => {
    const lossUntil = (NOON + 3) as EpochSeconds
    const clients = [client({ through: 8, lastUse: 8, lossUntil })]
    expect(judged(8, clients)).toEqual({ status: 'partial', missing: ['host/1/a'] })
    const later = { start: (NOON + 5) as EpochSeconds }
    const through = client({ through: 15, lastUse: 15, lossUntil })
    expect(judged(15, [through], later)).toEqual({ status: 'complete' })
  })

  it('names several clients in the order of their ids', () => {
    const clients = ['b', 'a', 'c'].map((clientId) => client({ clientId, through: 1, lastUse: 1 }))
    expect(judged(60, clients)).toEqual({ status: 'partial', missing: ['a', 'b', 'c'] })
  })

  it('calls the current window pending, whenever it is read', () => {
    const clients = [client({ through: 60, lastUse: 60 })]
    expect(judged(60, clients, { isCurrent: true }).status).toBe('pending')
  })

  it('cannot tell where Python loggers write', () => {
    const group = groupSpec({ pythonWriters: true })
    expect(judged(60, [], { group })).toEqual({ status: 'unknown', reason: 'python writers' })
  })

  it('cannot tell of counts that no logger has put there', () => {
    expect(judged(60, [], { storedSum: 11n })).toEqual({
      status: 'unknown',
      reason: 'other counts',
    })
  })

  it('cannot tell where counts of the window are in the one before', () => {
    expect(judged(60, [], { aheadAt: NOON })).toEqual({ status: 'unknown', reason: 'other counts' })
    expect(judged(60, [], { aheadAt: NOON - 1 })).toEqual({ status: 'complete' })
  })

  it('cannot tell where a master of another program has turned the windows over', () => {
    expect(judged(60, [], { isForeign: true }).status).toBe('unknown')
  })

  it('cannot tell where something else is in the place of the clients', () => {
    expect(judged(60, [], { clients: undefined })).toEqual({
      status: 'unknown',
      reason: 'no clients',
    })
  })

  it('has nothing to tell before the first window', () => {
    expect(judged(60, [], { start: undefined })).toEqual({ status: 'pending', missing: [] })
  })
})
