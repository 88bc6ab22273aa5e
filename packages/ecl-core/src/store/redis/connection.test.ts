import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { RedisConnection } from './connection.ts'

it('what is sent at once goes out in one write', async () => {
  await using server = await PrivateRedis.start()
  const written: string[] = []
  const relay = createServer((client) => {
    const upstream = createConnection(server.socket)
    client.on('data', (chunk) => written.push(chunk.toString()))
    client.pipe(upstream).pipe(client)
  })
  const path = join(server.directory, 'relay.sock')
  await new Promise<void>((resolve) => relay.listen(path, resolve))
  const connection = new RedisConnection({
    create: () => new Redis({ path, lazyConnect: true, enableReadyCheck: false }),
    endpoint: path,
    logger: silentLogger,
    clock: systemClock,
  })
  const ask = () => connection.run((redis) => redis.time(), { failFast: false })
  await ask()
  written.length = 0
  await Promise.all([ask(), ask(), ask()])
  connection.close()
  relay.close()
  expect(written.map((text) => text.match(/time/g))).toEqual([['time', 'time', 'time']])
})
