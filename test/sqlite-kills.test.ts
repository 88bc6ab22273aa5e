import { it } from '@jest/globals'
import { expectExactAfterKills } from './sqlite-kills.ts'

it('leaves a good file and exact counts when 12 processes are killed at any moment', async () => {
  await expectExactAfterKills(4)
}, 60_000)
