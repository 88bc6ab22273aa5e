import { it } from '@jest/globals'
import { expectExactAfterKills } from '../sqlite-kills.ts'

it('leaves a good file and exact counts when 300 processes are killed at any moment', async () => {
  await expectExactAfterKills(100)
}, 300_000)
