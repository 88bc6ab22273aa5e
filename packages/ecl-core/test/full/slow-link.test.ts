import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { EventCountLogger } from '../../src/event-count-logger.ts'
import { PrivateRedis } from '../../src/testing/private-redis.ts'

const BYTES_A_SECOND = 150_000
const TICK_MS = 10

/** Reads from a client as slowly as a link of so many bytes a second brings them. */
function startSlowLink(socket: string, closing: (() => unknown)[]): Promise<Server> {
  const server = createServer((client: Socket) => {
    const upstream = createConnection(socket)
    upstream.pipe(client)
    const timer = setInterval(() => {
      // Larger than a socket's buffers: it is read as fast as it goes on.
      let left = (BYTES_A_SECOND * TICK_MS) / 1000
      for (let chunk: unknown; left > 0; left -= (chunk as Buffer).length) {
        chunk = client.read(Math.min(left, client.readableLength))
        if (chunk === null) break
        upstream.write(chunk as Buffer)
      }
    }, TICK_MS)
    const end = () => {
      clearInterval(timer)
      client.destroy()
      upstream.destroy()
    }
    for (const one of [client, upstream]) one.on('error', end).on('close', end)
    closing.push(end)
  })
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

describe('over a slow link', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  // Of a second each in 32 KiB, and of 7 s in one piece; a reply is waited for 5 s.
  it.each([
    ['a group of names of a kilobyte', 1, 1000],
    ['many groups at once', 30, 40],
  ])(
    'the counts of %s get through',
    async (_what, groupCount, names) => {
      const redis = await PrivateRedis.start()
      closing.push(() => redis.close())
      const link = await startSlowLink(redis.socket, closing)
      const address = link.address()
      if (address === null || typeof address === 'string') throw new Error('not listening')
      const group = { events: ['first'], auto_declare_events: true, intervals: ['400000h'] }
      const groups = Object.fromEntries(
        Array.from({ length: groupCount }, (_, g) => [`g${g}`, group]),
      )
      const ecl = new EventCountLogger(groups, { host: '127.0.0.1', port: address.port })
      closing.push(() => ecl.close({ timeoutMs: 0 }))
      const counted = Object.keys(groups).map((name) => ecl.getGroup(name))
      // Registered first, or the first batches would wait for that alone.
      for (const one of counted) one.log('first')
      await Promise.all(counted.map((one) => one.flush()))
      for (const one of counted) {
        for (let n = 0; n < names; n++) one.log(`${n}`.padEnd(1000, 'x'))
      }
      const unsent = await Promise.all(counted.map((one) => one.flush({ timeoutMs: 25_000 })))
      expect(unsent).toEqual(counted.map(() => ({ unsentEvents: 0 })))
      expect(ecl.stats).toMatchObject({ retries: 0, applied: groupCount * (names + 1) })
    },
    40_000,
  )
})
