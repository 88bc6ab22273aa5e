import { writeFileSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { ask, plugin } from './shell.ts'

const GROUPS = `groups:
  web: {events: [hit], intervals: [1h]}
  jobs: {events: [done], intervals: [1h]}
  urls: {events: [], auto_declare_events: true, intervals: [1h], python_writers: false}
`

let redis: PrivateRedis
let proxy: Server
/** How many connections there were, and how often one of them sent something after it had got a reply, or at first. */
let seen = { connections: 0, roundTrips: 0 }

beforeAll(async () => {
  redis = await PrivateRedis.start()
  proxy = createServer((client) => {
    seen.connections++
    let itsTurn = true
    const upstream = createConnection({ path: redis.socket })
    client.on('data', (sent) => {
      if (itsTurn) seen.roundTrips++
      itsTurn = false
      upstream.write(sent)
    })
    upstream.on('data', (reply) => {
      itsTurn = true
      client.write(reply)
    })
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  const socket = join(redis.directory, 'proxy.sock')
  await new Promise<void>((resolve) => proxy.listen(socket, resolve))
  writeFileSync(join(redis.directory, 'ecl.yml'), `redis: {path: ${socket}}\n${GROUPS}`)
})
afterAll(async () => {
  await new Promise((resolve) => proxy.close(resolve))
  await redis.close()
})

// The first is the greeting of the connection.
it.each([
  ['a static group', 'web', 2],
  ['a dynamic group', 'urls', 3],
])('reads %s on one connection, in as few round trips as can be', async (_what, group, most) => {
  const roundTrips = await roundTripsOf(group)
  expect(seen.connections).toBe(1)
  expect(roundTrips).toBeLessThanOrEqual(most)
})

it('reads several groups on one connection', async () => {
  await roundTripsOf('web jobs urls')
  expect(seen.connections).toBe(1)
})

async function roundTripsOf(group: string): Promise<number> {
  seen = { connections: 0, roundTrips: 0 }
  const env = { config: join(redis.directory, 'ecl.yml'), MUNIN_CAP_DIRTYCONFIG: '1', group }
  const { code, stdout } = await ask(plugin('ecl_'), 'config', env)
  const graphs = stdout.match(/^graph_title/gm)?.length
  expect({ code, graphs }).toEqual({ code: 0, graphs: group.split(' ').length })
  return seen.roundTrips
}
