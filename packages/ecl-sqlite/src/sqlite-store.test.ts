import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals'
import { exerciseCounterStore, exerciseWindowQueue } from 'ecl-core/testing'
import { SqliteUnderTest } from '../test/sqlite-under-test.ts'

const RUNNER = { describe, it, beforeAll, beforeEach, afterAll }

exerciseCounterStore(RUNNER, 'SqliteStore', async () => new SqliteUnderTest())
exerciseWindowQueue(RUNNER, 'SqliteWindowQueue', async () => new SqliteUnderTest())
