import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Fixture, GROUPS } from './fixture.ts'
import { runInShell, runToEnd } from './running-command.ts'

const fixture = new Fixture()

describe('--once', () => {
  it('rotates what is due, and ends with 0', async () => {
    const redis = await fixture.startRedis()
    const file = fixture.configFor(redis, 'groups: {g: {events: [a], intervals: [1h]}}')
    const past = (Math.floor(Date.now() / 3_600_000) - 1) * 3600
    await redis.client.mset({ 'g:1h:cur:@ts': past, 'g:1h:cur:@by': past, 'g:1h:cur:a': 7 })
    const first = await runToEnd('--once', '-v', file)
    expect(first).toMatchObject({ code: 0, stdout: '' })
    expect(first.stderr).toContain('turned over')
    expect(await redis.client.mget('g:1h:last:a', 'g:1h:cur:a')).toEqual(['7', '0'])
    expect(await runToEnd('--once', '-v', file)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await redis.client.mget('g:1h:last:a', 'g:1h:cur:a')).toEqual(['7', '0'])
  })
})

it('--once and --check end with 3 and one line where a server does not answer, in time', async () => {
  const port = await fixture.startSilentServer()
  const file = fixture.config(`redis: {host: 127.0.0.1, port: ${port}}\n${GROUPS}\n`)
  const startedMs = performance.now()
  const ended = await Promise.all([runToEnd('--once', file), runToEnd('--check', file)])
  expect(performance.now() - startedMs).toBeLessThan(6000)
  for (const { code, stdout, stderr } of ended) {
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^ecl-master: Redis at 127\.0\.0\.1:\d+: no answer.*\n$/)
  }
})

describe('--check', () => {
  it('ends with 0 where all is well, saying what would be rotated', async () => {
    const redis = await fixture.startRedis()
    const file = fixture.configFor(redis, 'groups: {g: {events: [a], intervals: [1s, 5m]}}')
    expect(await runToEnd('--check', file)).toMatchObject({
      code: 0,
      stdout: `${file}: 2 windows to rotate; the store answers\n`,
      stderr: '',
    })
    expect(await redis.client.dbsize()).toBe(0)
  })

  it('says on stderr what is doubtful', async () => {
    const redis = await fixture.startRedis([])
    const file = fixture.configFor(
      redis,
      'groups: {g: {events: [a], intervals: [1s], sync-interval: 1}}',
    )
    const { code, stdout, stderr } = await runToEnd('--check', file)
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${file}: 1 window to rotate; the store answers\n`,
    })
    expect(stderr).toMatch(/^warning: .*sync_interval.*\nwarning: .*nothing on disk.*\n$/)
  })

  it('ends with 3 at once where nothing listens, or the password is wrong or missing', async () => {
    const redis = await fixture.startRedis()
    await redis.client.config('SET', 'requirepass', 'right')
    const startedMs = performance.now()
    const ended = await Promise.all(
      [
        `path: ${fixture.directory}/none.sock`,
        `path: ${redis.socket}, password: wrong`,
        `path: ${redis.socket}`,
      ].map((backend, index) =>
        runToEnd('--check', fixture.config(`redis: {${backend}}\n${GROUPS}\n`, `${index}.yml`)),
      ),
    )
    expect(performance.now() - startedMs).toBeLessThan(3000)
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(ended.map(() => [3, '']))
    const [gone, wrong, missing] = ended.map(({ stderr }) => stderr)
    expect(gone).toMatch(/^ecl-master: .*is redis-server running.*\n$/)
    expect(wrong).toMatch(/^ecl-master: .*check "redis\.username" and "redis\.password".*\n$/)
    expect(missing).toMatch(/^ecl-master: .*set "redis\.password".*\n$/)
  })
})

describe('ends with', () => {
  it.each([
    [0, 'help', ['--help'], /^$/],
    [0, 'the version', ['--version'], /^$/],
    [2, 'no config', [], /missing required argument 'config'/],
    [2, 'two configs', ['a.yml', 'b.yml'], /"b.yml" is no command/],
    [2, 'an unknown option', ['a.yml', '--frob'], /unknown option '--frob'/],
    [2, 'two tasks', ['a.yml', '--check', '--once'], /cannot be used with/],
  ])('%i for %s', async (code, _what, args, stderr) => {
    const ended = await runToEnd(...args)
    expect(ended.stderr).toMatch(stderr)
    expect(ended.code).toBe(code)
    if (code === 0) expect(ended.stdout).toMatch(/^(\d+\.\d+\.\d+\n$|Usage: ecl-master)/)
    else expect(ended.stdout).toBe('')
  })

  it.each([[[]], [['--once']], [['--check']]])(
    '1 and a line for each fault of the config, whatever the task: %j',
    async (task) => {
      const file = fixture.config('groups:\n  g: {events: [a], intervals: [5x]}\n  h: {}\n')
      const { code, stdout, stderr } = await runToEnd(...task, file)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^(.*ecl\.yml:[23]: groups\..*\n){2,}$/)
    },
  )

  it('1 where there is no config', async () => {
    const { code, stderr } = await runToEnd(join(fixture.directory, 'none.yml'))
    expect(code).toBe(1)
    expect(stderr).toMatch(/^.*none\.yml.*\n$/)
  })
})

it('help may be cut short by who reads it', async () => {
  const { stdout, stderr } = await runInShell(
    '$ecl_master --help | head -1; $ecl_master --help | true; $ecl_master --version >&-',
  )
  expect(stdout).toMatch(/^Usage: ecl-master .*\n$/)
  expect(stderr).toBe('')
})
