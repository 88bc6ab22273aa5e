import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'
import { ChaosRedis } from './chaos-redis.ts'

let redis: ChaosRedis

beforeEach(async () => {
  redis = await ChaosRedis.start(20_000)
})
afterEach(() => redis.close())

const count = async (times: number) => {
  const pipeline = redis.server.client.pipeline()
  for (let i = 0; i < times; i++) pipeline.incrby('g:1h:cur:a', 1)
  await pipeline.exec()
}
const counted = () => redis.result().get('g:1h')?.windows.at(-1)?.counts.get('a')

it('knows every count though Redis begins another file, is killed, and begins another one', async () => {
  await redis.server.client.set('g:1h:cur:@ts', '0')
  await count(1000)
  const files = async () => {
    const info = await redis.server.client.info('persistence')
    return /aof_rewrites:(\d+)/.exec(info)?.[1]
  }
  await until(async () => (await files()) === '1')
  await count(50)
  await redis.kill()
  await redis.restart()
  await count(5)
  await redis.stop()
  expect(counted()).toBe(1055n)
})
