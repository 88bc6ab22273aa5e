import fc from 'fast-check'
import type { Layout } from '../../src/group-spec.ts'
import type { Client, Fault } from './client.ts'
import type { Setup, World } from './world.ts'

type Command = fc.AsyncCommand<object, World>

const keysOnly: readonly Layout[] = ['keys']

/** What a schedule is played with: for a store in memory or in a file, which have one layout, or for Redis. */
export function setups(isRedis: boolean): fc.Arbitrary<Setup> {
  return fc
    .record({
      dynamic: fc.boolean(),
      maxEvents: fc.constantFrom(undefined, undefined, 3),
      mode: fc.constantFrom<readonly [number | undefined, number | undefined]>(
        [undefined, undefined],
        [1500, undefined],
        [undefined, 20],
        [60_000, undefined],
      ),
      mastersMs: fc.array(fc.constantFrom(0, 5, 300, 650, 1200, 1900), {
        minLength: 1,
        maxLength: 2,
      }),
      jitter: fc.constantFrom(0, 0.3, 0.99),
      loggers: fc.integer({ min: 1, max: 3 }),
      layouts: isRedis
        ? fc.constantFrom<readonly Layout[]>(keysOnly, ['hash'], ['keys', 'hash'], ['hash', 'keys'])
        : fc.constant(keysOnly),
    })
    .map(({ mode: [syncIntervalMs, syncLimit], ...rest }) => ({
      ...rest,
      syncIntervalMs,
      syncLimit,
    }))
}

const anyClient = fc.nat({ max: 11 })
const anyEvent = fc.constantFrom('a', 'b', 'declared here', 'x', 'y:z', 'w', 'v')
const anyCount = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 30 }) },
  fc.constant(-2),
)
const anyInterval = fc.nat({ max: 1 })
const anyMs = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.constantFrom(500, 1000, 1500, 2000),
)

function command<A>(
  name: string,
  args: fc.Arbitrary<A>,
  run: (world: World, args: A) => unknown,
): fc.Arbitrary<Command> {
  return args.map((given) => ({
    check: () => true,
    run: async (_, world) => {
      await run(world, given)
      world.check()
    },
    toString: () => `${name}(${fc.stringify(given)})`,
  }))
}

/** Something that one client does, where there is one. */
function deed<A extends object>(
  name: string,
  args: { [K in keyof A]: fc.Arbitrary<A[K]> },
  run: (world: World, client: Client, args: A) => unknown,
): fc.Arbitrary<Command> {
  const all = fc.record({ client: anyClient, args: fc.record<A>(args) })
  return command(name, all, (world, given) => {
    const client = world.pick(given.client)
    return client && run(world, client, given.args)
  })
}

function logOne(world: World, client: Client, event: string, n: number, byHandle = false): void {
  // What a static group does not know is not counted.
  if (!world.spec.dynamic && !['a', 'b', 'declared here'].includes(event)) return
  client.log(event, n, byHandle)
}

const log = deed<{ events: string[]; n: number; byHandle: boolean }>(
  'log',
  {
    events: fc.array(anyEvent, { minLength: 1, maxLength: 3 }),
    n: anyCount,
    byHandle: fc.boolean(),
  },
  (world, client, { events, n, byHandle }) => {
    for (const one of events) logOne(world, client, one, n, byHandle)
  },
)
const anyFaults = fc.oneof(
  fc.array(fc.constantFrom<Fault>('request lost', 'reply lost', undefined), {
    minLength: 1,
    maxLength: 6,
  }),
  fc.constantFrom(10, 20).map((length) => Array.from({ length }, (): Fault => 'request lost')),
)

/** What can happen on any store. */
const always = [
  log,
  log,
  log,
  command('pass', anyMs, (world, ms) => world.pass(ms)),
  command('pass', anyMs, (world, ms) => world.pass(ms)),
  command('pass long', fc.integer({ min: 3000, max: 13_000 }), (world, ms) => world.pass(ms)),
  command('block', fc.integer({ min: 1, max: 4000 }), (world, ms) => world.block(ms)),
  command('masters', fc.boolean(), (world, away) => world.setMasters(away)),
  command('start', fc.constant(undefined), (world) => {
    if (world.clients.length < 8) world.start()
  }),
  command('verify', fc.constant(undefined), (world) => world.verify()),
  command(
    'crash',
    fc.record({
      afterMs: fc.integer({ min: 1, max: 2000 }),
      downMs: fc.constantFrom(0, 10, 1000, 5000, 15_000),
    }),
    (world, { afterMs, downMs }) => world.crash(afterMs, downMs),
  ),
  deed('flush', {}, (_, client) => {
    void client.group.flush()
  }),
  deed<{ timeoutMs: number }>(
    'close',
    { timeoutMs: fc.constantFrom(0, 100, 5000) },
    (_, client, { timeoutMs }) => {
      void client.close(timeoutMs)
    },
  ),
  deed('kill', {}, (_, client) => {
    void client.kill()
  }),
  deed<{ faults: Fault[] }>('lose', { faults: anyFaults }, (world, client, given) =>
    world.disturb(client, given.faults),
  ),
  deed<{ index: number }>('deliver again', { index: fc.nat() }, (world, client, { index }) =>
    world.deliverAgain(client, index),
  ),
  deed<{ errorMs: number }>(
    'wall clock',
    { errorMs: fc.constantFrom(0, 3_600_000, -7_200_123, 1500) },
    (_, client, { errorMs }) => client.jump(errorMs),
  ),
  deed<{ interval: number; event: string; n: number }>(
    'read while it flushes',
    { interval: anyInterval, event: anyEvent, n: anyCount },
    (world, client, { interval, event, n }) => {
      logOne(world, client, event, n)
      logOne(world, client, 'a', 1)
      return world.readDuring(intervalOf(world, interval), client)
    },
  ),
]

/** What can happen on a real Redis besides. */
const onRedis = [
  command(
    'misplace',
    fc.record({ interval: anyInterval, event: anyEvent }),
    (world, { interval, event }) => world.misplace(intervalOf(world, interval), event),
  ),
  command(
    'count as Python does',
    fc.record({
      interval: anyInterval,
      event: fc.constantFrom('a', 'b'),
      n: fc.integer({ min: 1, max: 9 }),
    }),
    (world, { interval, event, n }) => world.countForeign(intervalOf(world, interval), event, n),
  ),
  command('forget scripts', fc.constant(undefined), (world) => world.forgetScripts()),
]

function intervalOf({ spec }: World, index: number) {
  const interval = spec.intervals[index]
  if (interval === undefined) throw new Error('no such interval')
  return interval
}

/** Schedules for a store in memory, or for Redis. */
export function schedules(isRedis: boolean): fc.Arbitrary<Iterable<Command>> {
  return fc.commands(isRedis ? [...always, ...onRedis] : always, { maxCommands: 60, size: 'max' })
}
