import { expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { configFile, read } from './reader-process.ts'

it('prints a hundred thousand events that Python programs have counted, as the original does', async () => {
  await using redis = await PrivateRedis.start()
  const groups = 'groups: {g: {events: [], intervals: [400000h], auto_declare_events: true}}'
  const config = configFile(redis, 'ecl.yml', `redis: {path: ${redis.socket}}\n${groups}\n`)
  const names = Array.from({ length: 100_000 }, (_, n) => `e${n}`)
  // Keys, and nothing else.
  for (let first = 0; first < names.length; first += 10_000) {
    const some = names.slice(first, first + 10_000)
    await redis.client.mset(some.flatMap((name) => [`g:400000h:last:${name}`, '7']))
  }
  const { code, stdout } = await read(config, '-g', 'g')
  expect(code).toBe(0)
  // Compared as one text: a list of differences would take minutes.
  const lines = names.sort().map((name) => `${name}:7\n`)
  expect(stdout === lines.join('')).toBe(true)
}, 30_000)
