import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { type PrivateRedis, TcpProxy, until } from 'ecl-core/testing'
import { Fixture, GROUPS } from './fixture.ts'
import { LEVEL, RunningCommand, runToEnd } from './running-command.ts'

const fixture = new Fixture()

describe('ecl-master ends with 0', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'at a %s, having said what it does, in JSON lines and nothing on stdout',
    async (signal) => {
      const redis = await fixture.startRedis()
      const master = fixture.startMaster('-v', fixture.configFor(redis))
      await master.logged(/turned over/)
      const { code, tookMs, stdout } = await master.end(signal)
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
      expect(tookMs).toBeLessThan(1500)
      expect(master.messages(LEVEL.info)).toEqual([
        'ecl-master rotates g 1s',
        'group "g", 1s: the first window has begun',
        'ending',
      ])
      expect(master.log.at(-1)).toMatchObject({ level: LEVEL.info, signal })
    },
  )

  it('soon at a SIGTERM while the server is down', async () => {
    const redis = await fixture.startRedis()
    const master = fixture.startMaster(fixture.configFor(redis))
    await master.logged(/has begun/)
    await redis.kill()
    await master.logged(/redis-server running/)
    const { code, tookMs } = await master.end('SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(1500)
  })

  it('soon at a SIGTERM while the server does not answer', async () => {
    const redis = await fixture.startRedis()
    const master = fixture.startMaster('-v', fixture.configFor(redis))
    await master.logged(/turned over/)
    redis.signal('SIGSTOP')
    fixture.after(() => redis.signal('SIGCONT'))
    const { code, tookMs } = await master.end('SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(1500)
  })
})

it('further signals do not disturb the ending, however long they come', async () => {
  const redis = await fixture.startRedis()
  const master = fixture.startMaster(fixture.configFor(redis))
  await master.logged(/has begun/)
  const { child } = master
  while (child.exitCode === null && child.signalCode === null) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) child.kill(signal)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await master.ended).toMatchObject({ code: 0, signal: null })
  expect(master.messages(LEVEL.info).filter((message) => message === 'ending')).toHaveLength(1)
})

describe('a server', () => {
  it('that is not there at the start is waited for, and its coming said', async () => {
    const redis = await fixture.startRedis()
    await redis.kill()
    const master = fixture.startMaster(fixture.configFor(redis))
    await master.logged(/redis-server running/)
    await redis.start()
    await master.logged(/is back after/)
    await until(async () => (await redis.client.get('g:1s:last:a')) === '0')
    expect(master.messages(LEVEL.warn)).toHaveLength(1)
  })

  it('that is away costs one line of log, however often it is tried', async () => {
    let attempts = 0
    const redis = await fixture.startRedis()
    const master = fixture.startMaster(fixture.configFor(redis))
    await master.logged(/has begun/)
    await redis.kill()
    await master.logged(/redis-server running/)
    rmSync(redis.socket, { force: true })
    const refusing = createServer((socket) => {
      attempts++
      socket.destroy()
    }).listen(redis.socket)
    await until(() => attempts === 5)
    await new Promise((resolve) => refusing.close(resolve))
    expect(master.messages(LEVEL.warn)).toHaveLength(1)
    expect(master.stderr).not.toContain('    at ')
  })

  it('that cuts connections is reconnected to, and windows are turned over', async () => {
    const redis = await fixture.startRedis()
    const proxy = await TcpProxy.start({ path: redis.socket })
    fixture.after(() => proxy.close())
    const master = fixture.startMaster(
      '-v',
      fixture.config(`redis: {host: 127.0.0.1, port: ${proxy.port}}\n${GROUPS}\n`),
    )
    for (let window = 1; window <= 2; window++) {
      await master.logged(/turned over/, window)
      proxy.cut()
    }
    await master.logged(/turned over/, 3)
    expect(master.messages(LEVEL.error)).toEqual([])
  })

  it('that wants another password is told of without the one that was tried', async () => {
    const redis = await fixture.startRedis()
    await redis.client.config('SET', 'requirepass', 'right')
    const file = fixture.config(
      `redis: {path: ${redis.socket}, username: bob, password: s3cr3t}\n${GROUPS}\n`,
    )
    const master = fixture.startMaster(file)
    await master.logged(/password is wrong/)
    const { stderr } = await master.end('SIGTERM')
    const checked = await runToEnd('--check', file)
    expect(stderr + checked.stderr).not.toContain('s3cr3t')
  })
})

describe('SIGHUP', () => {
  const two = (redis: PrivateRedis) =>
    fixture.configFor(
      redis,
      'groups: {g: {events: [a], intervals: [1s]}, h: {events: [], intervals: [1h]}}',
    )

  it('reads the config again: a new group is rotated', async () => {
    const redis = await fixture.startRedis()
    const master = fixture.startMaster('-v', fixture.configFor(redis))
    await master.logged(/has begun/)
    fixture.configFor(
      redis,
      'groups: {g: {events: [a, b], intervals: [1s]}, h: {events: [c], intervals: [2s]}}',
    )
    master.child.kill('SIGHUP')
    await master.logged(/rotates g 1s, h 2s/)
    await master.logged(/group "h", 2s: turned over/)
    await until(async () => (await redis.client.get('g:1s:last:b')) === '0')
    // One connection of the master, and the test's: the old one is gone.
    await until(async () => /^([^\n]+\n){2}$/.test(String(await redis.client.client('LIST'))))
    expect(master.messages(LEVEL.error)).toEqual([])
  })

  it.each([
    ['that is broken', 'groups: {g: {events: [a], intervals: [5x], frob: 1}}\n', /:1: .*; .*frob/],
    ['that names no such certificate', `redis: {tls: {ca: no.pem}}\n${GROUPS}\n`, /redis\.tls\.ca/],
  ])(
    'keeps the old config in the place of one %s, with one line',
    async (_how, text, complaint) => {
      const redis = await fixture.startRedis()
      const master = fixture.startMaster('-v', fixture.configFor(redis))
      await master.logged(/has begun/)
      fixture.config(text)
      master.child.kill('SIGHUP')
      await master.logged(/the config stays as it was/)
      const turned = master.log.filter(({ msg }) => msg.includes('turned over')).length
      await master.logged(/turned over/, turned + 2)
      expect(master.messages(LEVEL.warn)).toEqual([expect.stringMatching(complaint)])
      two(redis)
      master.child.kill('SIGHUP')
      await master.logged(/rotates g 1s, h 1h/)
      expect((await master.end('SIGTERM')).code).toBe(0)
    },
  )
})

it('goes on when nobody reads its log any more', async () => {
  const redis = await fixture.startRedis()
  const master = fixture.startMaster('-v', fixture.configFor(redis))
  await master.logged(/has begun/)
  master.child.stderr?.destroy()
  await redis.client.incr('g:1s:cur:a')
  await until(async () => (await redis.client.get('g:1s:last:a')) === '1')
  await until(async () => (await redis.client.get('g:1s:last:a')) === '0')
  expect((await master.end('SIGTERM')).code).toBe(0)
})

it('goes on when its log cannot be written, as on a full disk', async () => {
  const redis = await fixture.startRedis()
  const bin = join(import.meta.dirname, '../bin/ecl-master.cjs')
  const script = `exec '${process.execPath}' '${bin}' -v '${fixture.configFor(redis)}' 2> /dev/full`
  const master = new RunningCommand([], ['/bin/sh', '-c', script])
  fixture.after(() => master.child.kill('SIGKILL'))
  await until(async () => (await redis.client.get('g:1s:cur:@ts')) !== null)
  await redis.client.incr('g:1s:cur:a')
  await until(async () => (await redis.client.get('g:1s:last:a')) === '1')
  expect((await master.end('SIGTERM')).code).toBe(0)
})

it('on a terminal, its log is for people', async () => {
  const redis = await fixture.startRedis()
  const file = fixture.configFor(redis)
  const bin = `NO_COLOR=1 timeout -s TERM 2 '${process.execPath}' '${join(import.meta.dirname, '../bin/ecl-master.cjs')}'`
  const { stdout } = await new RunningCommand(
    [],
    // Of util-linux, which every Debian has: gives a command a terminal.
    ['/usr/bin/script', '-qec', `${bin} -v '${file}'`, '/dev/null'],
  ).ended
  const lines = stdout.trimEnd().split('\r\n')
  expect(lines[0]).toMatch(
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: ecl-master rotates g 1s$/,
  )
  expect(lines.at(-1)).toMatch(/INFO: ending$/)
  for (const line of lines) expect(line).toMatch(/^\[.{23}\] (INFO|DEBUG): [^{}]+$/)
})
