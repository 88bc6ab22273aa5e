import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals'
import {
  type Clock,
  type CounterStore,
  StoreError,
  systemClock,
  type WindowQueue,
  type WindowRef,
} from 'ecl-core'
import {
  FIVE_SECONDS,
  groupSpec,
  HandClient,
  ManualClock,
  ManualTimeRedis,
  NOON,
  until,
} from 'ecl-core/testing'
import { RecordingLogger } from '../../ecl-master/test/recording-logger.ts'
import { Archiver } from '../src/archive/archiver.ts'
import { MemoryHistory } from './memory-history.ts'

const PACE = { firstMs: 1, longestMs: 5, pauseMs: 20 }
const FINAL = { final: true, bounds: { seconds: 1_000_000, entries: 1000 } }
const TOO_MUCH = 2n ** 62n

describe('an archiver', () => {
  let redis: ManualTimeRedis
  let store: CounterStore
  let queue: WindowQueue
  let client: HandClient
  let history: MemoryHistory
  let logger: RecordingLogger
  let archivers: Archiver[]
  const group = groupSpec()
  const ref = { group, interval: FIVE_SECONDS }
  const at = (seconds: number) => redis.setTime((NOON + seconds) * 1000)

  beforeAll(async () => {
    redis = await ManualTimeRedis.start()
  })
  afterAll(() => redis.close())
  beforeEach(async () => {
    await redis.clear()
    await at(1)
    store = redis.open()
    if (store.history === undefined) throw new Error('the store has no queue')
    queue = store.history
    client = new HandClient(store, group)
    await client.register()
    history = new MemoryHistory()
    logger = new RecordingLogger()
    archivers = []
  })
  afterEach(async () => {
    for (const archiver of archivers) await archiver.stop()
  })

  function newArchiver(
    patient = true,
    clock: Clock = systemClock,
    windows: readonly WindowRef[] = [ref],
  ): Archiver {
    const { history: own } = redis.open()
    if (own === undefined) throw new Error('the store has no queue')
    const shared = { windows, history, logger, pace: PACE, patient, clock }
    const archiver = new Archiver({ queue: own, ...shared })
    archivers.push(archiver)
    return archiver
  }

  /** Publishes windows with these counts of an event. */
  async function publish(...counts: readonly (number | bigint)[]): Promise<void> {
    const { states } = await store.windows([ref])
    let start: number = states[0]?.current ?? NOON
    for (const count of counts) {
      await client.send(start, { a: count, b: count === TOO_MUCH ? count : 0 })
      start += 5
      await redis.setTime(start * 1000)
      await store.rotate(group, FIVE_SECONDS)
      await queue.publish(ref, FINAL)
    }
  }

  async function stateOf() {
    const [state] = await queue.state([ref])
    if (state === undefined) throw new Error('no state')
    return state
  }

  it('has every window kept, once between all of them, and the queue is empty then', async () => {
    const two = [newArchiver(), newArchiver()]
    for (const archiver of two) archiver.start()
    const counts = Array.from({ length: 150 }, (_, n) => n + 1)
    await publish(...counts)
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toEqual(counts.map(BigInt))
    expect(history.transactions.reduce((sum, n) => sum + n, 0)).toBe(150)
    const done = () => two.reduce((sum, { tally }) => sum + tally.archived, 0)
    // An archiver hears of its last acknowledgement a moment after the queue has.
    await until(() => done() >= 150)
    expect(done()).toBe(150)
    expect(await stateOf()).toMatchObject({ archived: 150, pending: 0, dropped: 0 })
  })

  it('waits for a database that is away, says so once, and then catches up in few transactions', async () => {
    let away = true
    history.trouble = () =>
      away ? Promise.reject(new StoreError('STORE_UNAVAILABLE', 'nobody listens')) : undefined
    newArchiver().start()
    await publish(...Array.from({ length: 100 }, (_, n) => n))
    await until(() => logger.complaints.length > 0)
    expect(history.totals).toEqual([])
    away = false
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toHaveLength(100)
    expect(history.transactions.length).toBeLessThan(20)
    expect(logger.complaints).toEqual([
      'warn: the database does not do it, and is asked again and again: nobody listens',
    ])
    expect(logger.lines.filter((line) => line.includes('is back after'))).toHaveLength(1)
  })

  it('puts a window that the database can never keep into the dead letters, alone', async () => {
    await publish(1, 2, TOO_MUCH, 3)
    newArchiver().start()
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toEqual([1n, 2n, 3n])
    const [letter, ...others] = await queue.deadLetters([ref], 10)
    expect(others).toEqual([])
    expect(letter?.error).toBe('the total is beyond 64 bits')
    expect(letter?.window?.start).toBe(NOON + 10)
    expect(await stateOf()).toMatchObject({ archived: 3, rejected: 1, dead: 1 })
  })

  it('puts a window aside of which one count cannot be kept, and has all others kept', async () => {
    history.unfitEvent = 'odd'
    await client.send(NOON, { odd: 1 })
    await publish(1, 2)
    newArchiver().start()
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toEqual([2n, 2n])
    const letters = await queue.deadLetters([ref], 10)
    expect(letters.map(({ window, error }) => [window?.start, error])).toEqual([
      [NOON, 'left out, and all else of the window is kept: the count of "odd"'],
    ])
    expect(await stateOf()).toMatchObject({ archived: 1, rejected: 1 })
    expect(logger.complaints).toHaveLength(1)
  })

  it('puts what is no window into the dead letters', async () => {
    await publish(1)
    const stream = '@history:group:5s:closed'
    await redis.server.client.xadd(stream, `${(NOON + 5) * 1000}-1`, 'hello', 'world')
    newArchiver().start()
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toEqual([1n])
    const [letter] = await queue.deadLetters([ref], 10)
    expect(letter?.error).toBe('the entry has no start')
  })

  it('has a version kept that replaces the one before', async () => {
    newArchiver().start()
    await publish(1)
    await client.send(NOON, { a: 9 })
    await queue.publish(ref, FINAL)
    await until(() => history.totals[0] !== 1n)
    await until(async () => (await stateOf()).length === 0)
    expect(history.totals).toEqual([10n])
  })

  it('finishes what is under way when it is told to stop, and gives back the rest', async () => {
    await publish(...Array.from({ length: 3 }, (_, n) => n + 1))
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    let begun = false
    history.trouble = () => {
      begun = true
      return held
    }
    const archiver = newArchiver()
    archiver.start()
    await until(() => begun)
    const stopped = archiver.stop()
    go()
    await stopped
    expect(history.totals).toEqual([1n, 2n, 3n])
    expect(await stateOf()).toMatchObject({ length: 0, archivers: [] })
  })

  it('gives its entries back at once where the database is away when it is told to stop', async () => {
    await publish(1, 2)
    history.trouble = () => Promise.reject(new StoreError('STORE_UNAVAILABLE', 'nobody listens'))
    const archiver = newArchiver()
    archiver.start()
    await until(() => logger.complaints.length > 0)
    await archiver.stop()
    history.trouble = () => undefined
    // Without waiting until the other one is taken for dead.
    newArchiver().start()
    await until(() => history.totals.length > 0)
    expect(history.totals).toEqual([1n, 2n])
  })

  it('ends within 9 s where the database never answers, and gives back what it had', async () => {
    await publish(1, 2)
    let begun = false
    history.trouble = () => {
      begun = true
      return new Promise(() => undefined)
    }
    const clock = new ManualClock()
    const archiver = newArchiver(true, clock)
    archiver.start()
    await until(() => begun)
    let ended = false
    const stopped = archiver.stop().then(() => {
      ended = true
    })
    await clock.advance(6900)
    expect(ended).toBe(false)
    await clock.advance(2000)
    await stopped
    history.trouble = () => undefined
    newArchiver().start()
    await until(() => history.totals.length > 0)
    expect(history.totals).toEqual([1n, 2n])
  })

  it('renews what it holds for 30 s, and leaves it to others where it gets nothing done', async () => {
    await publish(1, 2)
    let begun = false
    history.trouble = () => {
      begun = true
      return new Promise(() => undefined)
    }
    const { history: own } = redis.open()
    if (own === undefined) throw new Error('the store has no queue')
    const renew = jest.spyOn(own, 'renew').mockResolvedValue()
    const clock = new ManualClock()
    const stuck = new Archiver({ queue: own, windows: [ref], history, logger, pace: PACE, clock })
    stuck.start()
    await until(() => begun)
    for (let n = 0; n < 12; n++) await clock.advance(10_000)
    expect(renew).toHaveBeenCalledTimes(3)
    const stopped = stuck.stop()
    await clock.advance(9000)
    await stopped
  })

  it('archives all that is there, and ends, where it is told to do it once', async () => {
    await publish(...Array.from({ length: 70 }, (_, n) => n))
    const archiver = newArchiver(false)
    await archiver.drain()
    expect(archiver.tally).toEqual({ archived: 70, rejected: 0 })
    await publish(1)
    history.trouble = () => Promise.reject(new StoreError('STORE_UNAVAILABLE', 'nobody listens'))
    await expect(newArchiver(false).drain()).rejects.toThrow('nobody listens')
    expect(await stateOf()).toMatchObject({ length: 1 })
  })

  it('is there again when the store of the counters is', async () => {
    newArchiver().start()
    await publish(1)
    await until(() => history.totals.length === 1)
    // With nothing of what it had: the consumer group is gone, too.
    await redis.server.kill()
    await redis.server.start()
    await at(1)
    client = new HandClient(store, group, 'host/1/b')
    await client.register()
    await publish(7)
    await until(async () => (await stateOf()).archived === 1)
    expect(history.totals).toEqual([7n])
  })

  describe('whose queues are not all in order', () => {
    const refs = ['good', 'bad', 'also-good'].flatMap((name) => [
      { group: groupSpec({ name }), interval: FIVE_SECONDS },
      { group: groupSpec({ name }), interval: { spec: '10s', seconds: 10 } },
    ])
    const bad = refs[3]

    /** Publishes a window of each series. */
    async function publishAll(): Promise<void> {
      for (const seconds of [1, 10]) {
        await at(seconds)
        for (const { group: own, interval } of refs) await store.rotate(own, interval)
      }
      for (const one of refs) await queue.publish(one, FINAL)
    }

    const archivedOf = async () => {
      const states = await Promise.all(refs.map((one) => queue.state([one]).catch(() => [])))
      return states.map(([state]) => state?.archived)
    }
    const said = (text: string) => logger.lines.filter((line) => line.includes(text))

    // Also where a test has failed in between.
    afterEach(() => acl('allkeys', '+@all'))

    const REPORT = 'group "bad", 10s: its windows are not archived, and are tried again: '

    it.each([
      [
        'holds a foreign value',
        async () => {
          await redis.server.client.rename('@history:bad:10s:closed', '@history:bad:10s:kept')
          await redis.server.client.set('@history:bad:10s:closed', 'x')
        },
        async () => {
          await redis.server.client.rename('@history:bad:10s:kept', '@history:bad:10s:closed')
        },
      ],
      [
        'may not be read',
        () =>
          acl(
            'resetkeys',
            '~@history:good:*',
            '~@history:also-good:*',
            '~@history:bad:5s:*',
            '~{t}*',
          ),
        () => acl('allkeys'),
      ],
    ])(
      'archives the others where one %s, says so once, and goes on with it later',
      async (_, harm, mend) => {
        await publishAll()
        await harm()
        newArchiver(true, systemClock, refs).start()
        await until(async () => (await archivedOf()).filter((n) => n === 1).length === 5)
        // Asked again several times.
        await until(() => said(REPORT).length > 0)
        const clock = performance.now()
        await until(() => performance.now() - clock > 50)
        expect(said(REPORT)).toHaveLength(1)
        expect(said('does not do it')).toEqual([])
        await mend()
        await until(async () => (await archivedOf())[3] === 1)
        expect(said('group "bad", 10s: its windows are archived again')).toHaveLength(1)
        expect(logger.complaints).toHaveLength(1)
      },
    )

    it('archives the others, and then fails, where it is told to do it once', async () => {
      await publishAll()
      await redis.server.client.set('@history:bad:10s:closed', 'x')
      await expect(newArchiver(false, systemClock, refs).drain()).rejects.toThrow(StoreError)
      expect(await archivedOf()).toEqual([1, 1, 1, undefined, 1, 1])
      expect(bad?.group.name).toBe('bad')
    })

    it('acknowledges later what it has archived when a queue failed', async () => {
      await publishAll()
      const archiver = newArchiver(true, systemClock, refs)
      history.trouble = () => acl('-xack')
      archiver.start()
      await until(() => logger.complaints.length === refs.length)
      history.trouble = () => undefined
      await acl('+xack')
      await until(async () => (await archivedOf()).every((n) => n === 1))
      expect(history.totals).toHaveLength(refs.length)
    })

    async function acl(...rules: string[]): Promise<void> {
      await redis.server.client.call('ACL', 'SETUSER', 'default', ...rules)
    }
  })
})
