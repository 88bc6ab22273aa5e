/** What docs/security.md says of users, with a server that has exactly those. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { EventCountLogger, openStore, resolveGroups, silentLogger } from 'ecl-core'
import { PrivateRedis, until } from 'ecl-core/testing'
import { Master } from 'ecl-master'
import { runToEnd } from '../packages/ecl-master/test/running-command.ts'
import { read } from '../packages/ecl-reader/test/reader-process.ts'
import { ask, plugin } from '../packages/munin-plugins/test/shell.ts'
import { usersOfThePage } from './users-of-the-page.ts'

const GROUPS = {
  requests: {
    events: ['hit'],
    intervals: ['1s', '400000h'],
    auto_declare_events: true,
    max_events: 3,
  },
} as const

/** What servers up to 7.0 say, and newer ones. */
const REFUSED_IN_SCRIPT = /The user executing the script can't|ACL failure in script/

/** Name, arity, …, and at the tenth place the same of each subcommand. */
type CommandInfo = [string, number, ...unknown[]] & { readonly 9?: readonly CommandInfo[] }

const users = usersOfThePage()
let redis: PrivateRedis
let closing: (() => Promise<unknown>)[]

beforeAll(async () => {
  closing = []
  redis = await PrivateRedis.start()
  for (const { name, rules } of users) await redis.client.call('ACL', 'SETUSER', name, ...rules)
})
afterAll(async () => {
  // The server last: those on it would complain.
  for (const close of closing.reverse()) await close()
  await redis.close()
})

function backendOf(name: string) {
  const { password } = users.find((user) => user.name === name) ?? { password: '' }
  return { path: redis.socket, username: name, password }
}

function clientOf(name: string): PrivateRedis['client'] {
  const { username, password, path } = backendOf(name)
  return redis.client.duplicate({ username, password, path, enableReadyCheck: false })
}

/** The answer to the question whether a user may run a command. */
async function mayRun(user: string, ...command: readonly string[]): Promise<string> {
  return String(await redis.client.call('ACL', 'DRYRUN', user, ...command))
}

/** A command by the name that a rule has, and with as many arguments as it needs. */
interface Trial {
  readonly name: string
  readonly words: readonly string[]
}

/** Every command that the server knows; subcommands, too. */
async function allCommands(): Promise<Trial[]> {
  const infos = (await redis.client.call('COMMAND')) as CommandInfo[]
  return infos.flatMap((info) => {
    const subcommands = info[9] ?? []
    return (subcommands.length > 0 ? subcommands : [info]).map(([name, arity]) => {
      const words = name.split('|')
      const missing = Math.max(0, Math.abs(arity) - words.length)
      // A number is taken for a number of keys, a key and a cursor alike.
      return { name, words: [...words, ...Array.from({ length: missing }, () => '1')] }
    })
  })
}

describe('the users that the page describes for history', () => {
  it('can do all that is theirs, and try nothing else', async () => {
    const server = await PrivateRedis.start()
    closing.push(() => server.close())
    const all = usersOfThePage(2)
    for (const { name, rules } of all) await server.client.call('ACL', 'SETUSER', name, ...rules)
    const backend = (name: string) => {
      const password = all.find((user) => user.name === name)?.password ?? ''
      return { path: server.socket, username: name, password }
    }
    const history = { store: 'sqlite:history.db', keep_unarchived: { entries: 1 } }
    const master = new Master(GROUPS, backend('ecl-master'), { history, logger: silentLogger })
    closing.push(() => master.stop())
    master.start()
    const ecl = new EventCountLogger(GROUPS, backend('ecl-service'))
    closing.push(() => ecl.close())
    ecl.getGroup('requests').log('hit', 2)
    const store = openStore(backend('ecl-history'))
    closing.push(() => store.close())
    const [group] = resolveGroups(GROUPS)
    const [second] = group?.intervals ?? []
    if (group === undefined || second === undefined) throw new Error('no such group')
    const refs = [{ group, interval: second }]
    const { history: queue } = store
    if (queue === undefined) throw new Error('no queue')
    const take = async () => {
      let taken = await queue.take(refs, 'x', 1)
      await until(async () => {
        if (taken.length === 0) taken = await queue.take(refs, 'x', 1)
        return taken.length > 0
      })
      return taken
    }
    const [first] = await take()
    if (first === undefined) throw new Error('nothing was taken')
    await queue.renew([first], 'x')
    await queue.reject(first, 'for a test')
    const [letter] = await queue.deadLetters(refs, 1)
    expect(letter && (await queue.replay(letter))).toBe(true)
    const more = await take()
    await queue.leave(refs, 'x', more)
    await queue.acknowledge(await queue.reclaim(refs, 'y', 10, 1000))
    // Over its bound, too.
    await until(async () => ((await queue.state(refs))[0]?.dropped ?? 0) > 0)
    const log = (await server.client.call('ACL', 'LOG')) as string[][]
    const refused = log.map((entry) => [entry[9], entry[7]])
    expect(refused.filter(([, what]) => what !== 'config|get')).toEqual([])
  })
})

it('the master that the page describes for it can acknowledge a silent logger', async () => {
  const server = await PrivateRedis.start()
  closing.push(() => server.close())
  for (const { name, rules } of usersOfThePage(3)) {
    if (name === 'ecl-master') await server.client.call('ACL', 'SETUSER', name, ...rules)
  }
  await server.client.hset('requests:@clients', 'old/1/a', '7 1000000000 0 0 0 9 9 0 0 0 0')
  const { password } = users.find(({ name }) => name === 'ecl-master') ?? {}
  const config = join(server.directory, 'ecl.yml')
  const user = { path: server.socket, username: 'ecl-master', password }
  writeFileSync(config, JSON.stringify({ redis: user, groups: GROUPS }))
  expect(await runToEnd(config, 'acknowledge', 'old/1/a')).toMatchObject({ code: 0, stderr: '' })
  expect(await server.client.hget('requests:@clients', 'old/1/a')).toBe(
    '7 1000000000 2 0 0 9 9 0 0 0 0',
  )
  expect(await server.client.call('ACL', 'LOG')).toEqual([])
})

it('no count is lost where scripts are gone, and a master loads them again', async () => {
  const server = await PrivateRedis.start()
  closing.push(() => server.close())
  for (const { name, rules } of users) await server.client.call('ACL', 'SETUSER', name, ...rules)
  const backend = (name: string) => ({ ...backendOf(name), path: server.socket })
  const master = new Master(GROUPS, backend('ecl-master'), { logger: silentLogger })
  closing.push(() => master.stop())
  master.start()
  const ecl = new EventCountLogger(GROUPS, backend('ecl-service'), { logger: silentLogger })
  closing.push(() => ecl.close())
  const group = ecl.getGroup('requests')
  for (let n = 0; n < 3; n++) {
    group.log('hit', 2)
    await server.client.script('FLUSH')
    // As after a restart, too.
    if (n === 1) await server.client.call('CLIENT', 'KILL', 'SKIPME', 'yes')
    expect(await group.flush({ timeoutMs: 20_000 })).toEqual({ unsentEvents: 0 })
  }
  expect(await server.client.get('requests:400000h:cur:hit')).toBe('6')
})

describe('the users that the page describes', () => {
  it('are those of the three roles', () => {
    expect(users.map(({ name }) => name)).toEqual(['ecl-service', 'ecl-master', 'ecl-reader'])
  })

  it('can do all that is theirs, and try nothing else', async () => {
    const master = new Master(GROUPS, backendOf('ecl-master'), { logger: silentLogger })
    closing.push(() => master.stop())
    master.start()
    const ecl = new EventCountLogger(GROUPS, backendOf('ecl-service'))
    closing.push(() => ecl.close())
    const group = ecl.getGroup('requests')
    // With an index to be repaired, a bound to be reached and an old client to be removed.
    await redis.client.set('requests:400000h:cur:@ids', 'foreign')
    await redis.client.hset('requests:@clients', 'old/1/a', '7 1000000000 1 0 0 0 0 0 0 0 0')
    for (const event of ['hit', 'a', 'b', 'c', 'd']) group.log(event, 2)
    expect(await group.flush({ timeoutMs: 5000 })).toEqual({ unsentEvents: 0 })
    expect(await redis.client.hexists('requests:@clients', 'old/1/a')).toBe(0)
    await redis.client.incrby('requests:400000h:cur:python', 5)
    await until(async () => (await redis.client.get('requests:1s:last:hit')) === '2')

    const config = join(redis.directory, 'reader.yml')
    writeFileSync(config, JSON.stringify({ redis: backendOf('ecl-reader'), groups: GROUPS }))
    const { code, stdout, stderr } = await read(
      config,
      '-g',
      'requests',
      '-i',
      '400000h',
      '--current',
    )
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['hit:2', 'python:5']))
    expect((await read(config, '-g', 'requests', '-i', '1s', '--both', '--json')).code).toBe(0)
    const folder = join(redis.directory, 'plugins')
    mkdirSync(folder)
    symlinkSync(plugin('ecl_'), join(folder, 'ecl_requests_400000h'))
    const env = { config, MUNIN_PLUGSTATE: join(redis.directory, 'state') }
    const answer = await ask(join(folder, 'ecl_requests_400000h'), '', env)
    expect(answer.stdout).toContain('.value')

    const store = openStore(backendOf('ecl-reader'))
    closing.push(() => store.close())
    const [spec] = resolveGroups(GROUPS)
    const [, long] = spec?.intervals ?? []
    if (spec === undefined || long === undefined) throw new Error('no such group')
    const { cur } = await store.read(spec, long, 'cur', { completeness: true })
    expect(cur?.counts.get('hit')).toBe(2n)
    expect((await store.accounts(spec)).clients).toHaveLength(1)

    // What was refused, to whom. The master's other question is left out by the page.
    const log = (await redis.client.call('ACL', 'LOG')) as string[][]
    const refused = log.map((entry) => [entry[9], entry[7]])
    expect(refused.filter(([, what]) => what !== 'config|get')).toEqual([])
  })

  it('can do all that is theirs with layout hash, too', async () => {
    const hashed = { requests: { ...GROUPS.requests, intervals: ['2s'], layout: 'hash' } } as const
    await redis.client.call('ACL', 'LOG', 'RESET')
    const master = new Master(hashed, backendOf('ecl-master'))
    closing.push(() => master.stop())
    master.start()
    const ecl = new EventCountLogger(hashed, backendOf('ecl-service'))
    closing.push(() => ecl.close())
    const group = ecl.getGroup('requests')
    // A bound to be reached, and something else in the place of the hash.
    await redis.client.set('requests:2s:cur', 'foreign')
    for (const event of ['hit', 'a', 'b', 'c', 'd']) group.log(event, 2)
    expect(await group.flush({ timeoutMs: 5000 })).toEqual({ unsentEvents: 0 })
    await until(async () => (await redis.client.hget('requests:2s:last', 'hit')) === '2')
    const config = join(redis.directory, 'hashed.yml')
    writeFileSync(config, JSON.stringify({ redis: backendOf('ecl-reader'), groups: hashed }))
    const { code, stdout } = await read(config, '-g', 'requests', '-i', '2s', '--both', '--json')
    expect(code).toBe(0)
    expect(stdout).toContain('"hit"')
    const log = (await redis.client.call('ACL', 'LOG')) as string[][]
    const refused = log.map((entry) => [entry[9], entry[7]])
    expect(refused.filter(([, what]) => what !== 'config|get')).toEqual([])
  })

  it.each(users)('$name may run no other command than those named', async ({ name, commands }) => {
    const all = await allCommands()
    expect(all).toContainEqual({ name: 'config|set', words: ['config', 'set', '1', '1'] })
    const allowed: string[] = []
    for (const { name: command, words } of all) {
      const answer = await mayRun(name, ...words)
      if (!answer.includes('no permissions to run')) allowed.push(command)
    }
    // Whoever connects may say who he is, and go.
    const free = ['auth', 'hello', 'quit', 'reset']
    const others = allowed.filter((command) => !free.includes(command))
    expect(others.sort()).toEqual([...commands].sort())
  })

  it.each(users)(
    '$name can run no script of its own, and so not stop the server',
    async ({ name }) => {
      const client = clientOf(name)
      const endless = 'while true do end'
      try {
        for (const command of ['EVAL', 'EVAL_RO']) {
          await expect(client.call(command, endless, '0')).rejects.toThrow('NOPERM')
        }
        await expect(client.call('FUNCTION', 'LOAD', endless)).rejects.toThrow('NOPERM')
        await expect(client.call('FCALL', 'f', '0')).rejects.toThrow('NOPERM')
        // Masters load those of all, and are trusted.
        const load = client.call('SCRIPT', 'LOAD', endless)
        if (name === 'ecl-master') await load
        else await expect(load).rejects.toThrow('NOPERM')
      } finally {
        client.disconnect()
      }
    },
  )

  it.each([
    ['ecl-service', ['get', 'KEY']],
    ['ecl-service', ['hset', 'KEY', 'f', '1']],
    ['ecl-service', ['evalsha', '', '1', 'KEY']],
    ['ecl-reader', ['evalsha_ro', '', '1', 'KEY']],
    ['ecl-master', ['mset', 'requests:x', '1', 'KEY', '1']],
    ['ecl-master', ['rename', 'requests:x', 'KEY']],
    ['ecl-master', ['unlink', 'KEY']],
    ['ecl-service', ['hincrby', 'KEY', 'f', '1']],
    ['ecl-reader', ['hscan', 'KEY', '0']],
    ['ecl-reader', ['mget', 'requests:x', 'KEY']],
    ['ecl-reader', ['smembers', 'KEY']],
  ])("%s may not touch another group's keys: %p", async (user, command) => {
    const at = (key: string) => command.map((word) => (word === 'KEY' ? key : word))
    expect(await mayRun(user, ...at('requests:400000h:cur:a'))).toBe('OK')
    for (const other of ['errors:400000h:cur:a', 'requests', 'xrequests:400000h:cur:a']) {
      expect(await mayRun(user, ...at(other))).toContain(`'${other}'`)
    }
  })

  it.each([
    ['ecl-service', "return redis.call('GET', 'errors:400000h:cur:a')"],
    ['ecl-service', "return redis.call('FLUSHALL')"],
    ['ecl-master', "return redis.call('KEYS', '*')"],
    ['ecl-master', "return redis.call('SET', 'errors:400000h:cur:@ts', '0')"],
  ])('%s may do nothing more in a script: %s', async (user, script) => {
    const client = clientOf(user)
    try {
      const sha1 = String(await redis.client.script('LOAD', script))
      await expect(client.evalsha(sha1, 0)).rejects.toThrow(REFUSED_IN_SCRIPT)
    } finally {
      client.disconnect()
    }
  })

  it('ecl-reader can write nothing, not even by a script', async () => {
    const client = clientOf('ecl-reader')
    try {
      const script = "return redis.call('INCRBY', KEYS[1], 1)"
      const sha1 = String(await redis.client.script('LOAD', script))
      const key = 'requests:400000h:cur:hit'
      await expect(client.call('EVALSHA_RO', sha1, '1', key)).rejects.toThrow('script')
      await expect(client.evalsha(sha1, 1, key)).rejects.toThrow('NOPERM')
      await expect(client.incrby(key, 1)).rejects.toThrow('NOPERM')
    } finally {
      client.disconnect()
    }
  })
})
