import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals'
import { exerciseCounterStore } from '../../testing/exercise-counter-store.ts'
import { ManualTimeRedis } from '../../testing/manual-time-redis.ts'

exerciseCounterStore({ describe, it, beforeAll, beforeEach, afterAll }, 'RedisStore', () =>
  ManualTimeRedis.start(),
)
