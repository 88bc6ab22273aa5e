import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals'
import type { EpochSeconds } from 'ecl-core'
import type { HistoryStore } from 'ecl-history'
import { exerciseArchive } from './suite/archive.ts'
import { exerciseMaintain } from './suite/maintain.ts'
import { exerciseRead } from './suite/read.ts'
import { exerciseRetain } from './suite/retain.ts'

/** A history that is empty for each test. */
export interface HistoryUnderTest {
  /** A handle on it; each call makes another one, as another process has. */
  open(): HistoryStore
  /** Forgets everything. */
  clear(): Promise<void>
  /** Has everything kept from a time on only, as a clock that was wrong may have had it. */
  forgetUntil(keptFrom: EpochSeconds): Promise<void>
  /** Ends what was opened. */
  close(): Promise<void>
}

/** What the parts of the suite are given. */
export interface HistorySuite {
  /** A handle on the history, which is empty when a test begins. */
  readonly store: HistoryStore
  /** One more handle. */
  open(): HistoryStore
  /** Forgets everything. */
  clear(): Promise<void>
  /** Has everything kept from a time on only. */
  forgetUntil(keptFrom: EpochSeconds): Promise<void>
}

/**
 * The one suite that every store of history passes: what `HistoryStore` promises.
 *
 * @param name the store's name
 * @param create makes an empty one
 */
export function exerciseHistoryStore(name: string, create: () => Promise<HistoryUnderTest>): void {
  let subject: HistoryUnderTest
  let store: HistoryStore
  const suite: HistorySuite = {
    get store() {
      return store
    },
    open: () => subject.open(),
    clear: () => subject.clear(),
    forgetUntil: (keptFrom) => subject.forgetUntil(keptFrom),
  }

  describe(`the history ${name}`, () => {
    beforeAll(async () => {
      subject = await create()
      store = subject.open()
    })
    beforeEach(() => subject.clear())
    afterAll(() => subject.close())

    exerciseArchive(suite)
    exerciseRead(suite)
    exerciseMaintain(suite)
    exerciseRetain(suite)
  })
}
