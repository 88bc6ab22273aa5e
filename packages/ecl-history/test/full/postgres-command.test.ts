import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openHistory } from 'ecl-history'
import { PrivatePostgres } from 'ecl-history/testing'
import { runInShell } from '../history-process.ts'
import { closed } from '../history-windows.ts'

let postgres: PrivatePostgres
beforeAll(async () => {
  postgres = await PrivatePostgres.start()
})
afterAll(() => postgres.close())

it('takes a history from a file to PostgreSQL, and answers the same there', async () => {
  const inFolder = (name: string) => join(postgres.directory, name)
  const file = openHistory(`sqlite:${inFolder('history.db')}`)
  await file.archive(
    Array.from({ length: 3000 }, (_, n) =>
      closed(n * 300, n % 7 === 0 ? {} : { hit: n, error: 1 }, { seconds: 300, interval: '5m' }),
    ).filter((_, n) => n % 100 !== 0),
  )
  await file.close()
  const groups = 'groups: { g: { events: [hit, error], intervals: [5m] } }\n'
  writeFileSync(inFolder('file.yml'), `history: { store: "sqlite:history.db" }\n${groups}`)
  writeFileSync(inFolder('pg.yml'), `history: { store: "${postgres.url()}" }\n${groups}`)
  const question = '-g g --from 2026-09-22 --to 2026-10-03 --zone Europe/Prague'
  const script = [
    `cd '${postgres.directory}'`,
    '$history pg.yml migrate > /dev/null',
    '$history file.yml export > all && $history pg.yml import all > /dev/null',
    '$history pg.yml export | cmp - all',
    '$history file.yml prune > /dev/null && $history pg.yml prune > /dev/null',
    ...['--step 1d --format json', '--step 6h --format table', '--format chart'].map(
      (how) =>
        `$history file.yml ${question} ${how} > a 2> /dev/null; $history pg.yml ${question} ${how} 2> /dev/null | cmp - a; wc -l < a`,
    ),
    '$history file.yml gaps --from 2026-09-22 --to 2026-10-03 > a; $history pg.yml gaps --from 2026-09-22 --to 2026-10-03 | cmp - a; wc -l < a',
  ]
  const { code, stdout, stderr } = await runInShell(script.join('\n'))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [days = 0, sixHours = 0, chart = 0, gaps = 0] = stdout.trim().split('\n').map(Number)
  expect([days, gaps]).toEqual([11, expect.any(Number)])
  expect(Math.min(sixHours, chart, gaps)).toBeGreaterThan(10)
})
