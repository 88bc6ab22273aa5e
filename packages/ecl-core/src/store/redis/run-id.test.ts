import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { PrivateRedis } from '../../testing/private-redis.ts'
import { until } from '../../testing/until.ts'
import { isSameRun, runIdOf } from './run-id.ts'

describe('runIdOf', () => {
  let server: PrivateRedis

  beforeAll(async () => {
    server = await PrivateRedis.start()
  })
  afterAll(() => server.close())

  const connection = (user?: { username: string; password: string }) =>
    new Redis({
      ...{ path: server.socket, lazyConnect: true, enableReadyCheck: false },
      ...{ enableOfflineQueue: false, retryStrategy: () => 10 },
      ...user,
    })

  /** Asks over a connection of its own. */
  async function ask(redis = connection()): Promise<string> {
    try {
      await redis.connect()
      const once = await runIdOf(redis)
      expect(await runIdOf(redis)).toBe(once)
      return once
    } finally {
      redis.disconnect()
    }
  }

  it('is the same for all connections, and another one after a restart', async () => {
    const before = await ask()
    expect(before).toMatch(/^[0-9a-f]{8}$/)
    expect(await ask()).toBe(before)
    await server.kill()
    await server.start()
    expect(await ask()).not.toBe(before)
  })

  it('is zeroes where the user may not ask', async () => {
    await server.client.call('ACL', 'SETUSER', 'blind', 'on', '>x', '+@all', '-info', '~*')
    expect(await ask(connection({ username: 'blind', password: 'x' }))).toBe('00000000')
  })

  it('is zeroes where the command has been taken away', async () => {
    const without = await PrivateRedis.start({ args: ['--rename-command', 'INFO', 'x'] })
    const redis = new Redis({ path: without.socket, lazyConnect: true, enableReadyCheck: false })
    try {
      expect(await ask(redis)).toBe('00000000')
    } finally {
      await without.close()
    }
  })

  it('is the same as another one that is not known, and as no other', () => {
    expect(isSameRun('12345678', '12345678')).toBe(true)
    expect(isSameRun('12345678', '00000000')).toBe(true)
    expect(isSameRun('00000000', '12345678')).toBe(true)
    expect(isSameRun('12345678', '87654321')).toBe(false)
    expect(isSameRun(undefined, '00000000')).toBe(false)
  })

  it('is asked again where there was no answer', async () => {
    const redis = connection()
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      await server.kill()
      await until(() => redis.status !== 'ready')
      await expect(runIdOf(redis)).rejects.toThrow(/writeable|closed/)
      await server.start()
      await until(() => redis.status === 'ready')
      expect(await runIdOf(redis)).toMatch(/^[0-9a-f]{8}$/)
    } finally {
      redis.disconnect()
    }
  })
})
