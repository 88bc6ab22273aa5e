import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { redisClients } from './redis-options.ts'
import { ServerFirstConnector } from './server-first-connector.ts'

/** So long a server needs at most for turning a connection away. */
const TURNED_AWAY_MS = 100

describe('a server that turns a connection away before anything is written', () => {
  let redis: PrivateRedis
  beforeAll(async () => {
    redis = await PrivateRedis.start()
    await redis.client.config('SET', 'maxclients', '1')
  })
  afterAll(() => redis.close())

  /** Writes as soon as there is a connection, which the server has closed by then, and gives all that was heard. */
  const heardBy = async (connecting: () => Promise<Socket>): Promise<string> => {
    const socket = await connecting()
    // This process is kept from its work meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TURNED_AWAY_MS)
    let heard = ''
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.on('data', (data) => {
      heard += String(data)
    })
    socket.write('PING\r\n')
    // Not by `once`, which an error of the write would end before.
    await new Promise((resolve) => socket.on('close', resolve))
    return heard
  }

  it('is heard', async () => {
    const connector = new ServerFirstConnector({ path: redis.socket, disconnectTimeout: 1 })
    expect(await heardBy(() => connector.connect())).toBe('-ERR max number of clients reached\r\n')
  })

  it('is not heard by a socket that writes at once, which is why this is needed', async () => {
    expect(await heardBy(async () => createConnection({ path: redis.socket }))).toBe('')
  })
})

it.each([
  { tls: null, path: null },
  { tls: false, path: '' },
  { tls: undefined, host: null, family: null },
])('what JavaScript has as not given is not given: %j', async (given) => {
  const server = createServer((socket) => socket.end('here'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const connector = new ServerFirstConnector({ host: '127.0.0.1', port, ...given })
  const socket = await connector.connect()
  expect(String((await once(socket, 'data'))[0])).toBe('here')
  connector.disconnect()
  server.close()
})

it('a client of the user with a way of its own to connect keeps that', async () => {
  let connects = 0
  class OwnWay extends ServerFirstConnector {
    override connect() {
      connects++
      return super.connect()
    }
  }
  const client = new Redis({ lazyConnect: true, Connector: OwnWay, port: 1 })
  await expect(redisClients(client).create().connect()).rejects.toThrow('closed')
  expect(connects).toBe(1)
})
