import { PrivatePostgres } from 'ecl-history/testing'
import { exerciseHistoryStore } from '../exercise-history-store.ts'
import { PostgresUnderTest } from '../postgres-under-test.ts'

exerciseHistoryStore(
  'in PostgreSQL',
  async () => new PostgresUnderTest(await PrivatePostgres.start()),
)
