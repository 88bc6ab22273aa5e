/** All commands with their counts in a file, started as a user starts them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'
import { ended } from './system.ts'

const run = promisify(execFile)
const PLUGIN = fileURLToPath(new URL('../packages/munin-plugins/plugins/ecl_', import.meta.url))

function bin(name: string): string {
  return fileURLToPath(new URL(`../packages/${name}/bin/${name}.cjs`, import.meta.url))
}

let folder: string
let config: string

/** @returns what a command printed; its messages and its exit code where it failed */
async function command(name: string, ...args: string[]) {
  return run(process.execPath, [bin(name), ...args], { cwd: tmpdir() }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: { code: number; stdout: string; stderr: string }) => ({
      ...{ code: failed.code, stdout: failed.stdout, stderr: failed.stderr },
    }),
  )
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-commands-'))
  config = join(folder, 'ecl.yml')
  writeFileSync(
    config,
    `store: sqlite:counts.db
groups:
  web: { events: [hit, error], intervals: [2s, 10000h] }
`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('commands with the counts in a file', () => {
  let master: ChildProcess
  let log = ''

  beforeAll(async () => {
    const checked = await command('ecl-master', '--check', config)
    expect(checked).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `${config}: 2 windows to rotate; SQLite file ${join(folder, 'counts.db')} is to be made, and can be\n`,
    })
    expect(existsSync(join(folder, 'counts.db'))).toBe(false)
    expect(await command('ecl-master', '--once', config)).toMatchObject({ code: 0 })
    expect(await command('ecl-master', '--check', config)).toMatchObject({
      stdout: expect.stringMatching(/to rotate; the store answers\n$/),
    })
    master = spawn(process.execPath, [bin('ecl-master'), config])
    master.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
    await until(() => log.includes('rotates'))
  })
  afterAll(async () => {
    master.kill('SIGTERM')
    await ended(master)
  })

  it('log events, one and a stream', async () => {
    const one = await command('ecl-log-event', config, 'web', 'hit', '40')
    expect(one).toEqual({ code: 0, stdout: '', stderr: '' })
    const stream = spawn(process.execPath, [bin('ecl-log-event'), config, 'web', '-'])
    stream.stdin?.end('hit\nerror\nhit\n')
    await ended(stream)
    expect(stream.exitCode).toBe(0)
    const { stdout } = await command('ecl-reader', config, '-g', 'web', '-i', '10000h', '--current')
    expect(stdout).toBe('error:1\nhit:42\n')
  })

  it.each([
    ['json', /"counts":\{"error":1,"hit":42\}/],
    ['csv', /hit,42/],
    ['table', /hit +42/],
    ['prometheus', /event="hit".* 42/],
  ])('are read as %s', async (format, expected) => {
    const args = [config, '-g', 'web', '-i', '10000h', '--current', '--format', format]
    const { code, stdout } = await command('ecl-reader', ...args)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(expected) })
  })

  it('tell a complete window, and books that balance', async () => {
    const complete = await command('ecl-reader', config, '-g', 'web', '-i', '2s', '--complete')
    expect(complete).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^error:\d+\nhit:\d+\n/),
    })
    const audit = await command('ecl-reader', config, '--audit')
    expect(audit).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^web, 2 loggers: balanced/),
    })
  })

  it('follow the windows as they end', async () => {
    const watch = spawn(process.execPath, [
      bin('ecl-reader'),
      config,
      '-g',
      'web',
      '-i',
      '2s',
      '--watch',
    ])
    let seen = ''
    watch.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    await until(() => seen.includes('hit'))
    watch.kill('SIGINT')
    await ended(watch)
    expect(watch.signalCode ?? watch.exitCode).toBe(0)
  })

  it('answer Munin', async () => {
    const plugin = { env: { ...process.env, config, ecl_reader: bin('ecl-reader') } }
    const link = join(folder, 'ecl_web_10000h')
    await run('ln', ['-s', PLUGIN, link])
    const { stdout } = await run(link, [], plugin)
    expect(stdout).toMatch(/\.value \d/)
  })

  it('say what is wrong with a file, with exit code 3', async () => {
    const broken = join(folder, 'broken.yml')
    writeFileSync(
      broken,
      'store: sqlite:no/counts.db\ngroups: { web: { events: [a], intervals: [1h] } }\n',
    )
    const { code, stderr } = await command('ecl-reader', broken, '-g', 'web')
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `ecl-reader: SQLite file ${join(folder, 'no/counts.db')}: there is no such folder; create it, or check the path\n`,
    })
  })
})

describe('what only reads', () => {
  const READERS: readonly (readonly [name: string, ...args: string[]])[] = [
    ['ecl-reader', '-g', 'web', '-i', '2s'],
    ['ecl-reader', '--all', '--json'],
    ['ecl-reader', '--audit'],
    ['ecl-reader', '-g', 'web', '-i', '2s', '--complete'],
    ['ecl-reader', '-g', 'web', '-i', '2s', '-w', '5'],
    ['ecl-history', 'archive', '--status'],
    ['ecl-history', 'dead'],
  ]
  const OTHER = fileURLToPath(new URL('programs/other-database.mjs', import.meta.url))
  let own: string
  let file: string
  let ownConfig: string

  beforeEach(() => {
    own = mkdtempSync(join(folder, 'readers-'))
    file = join(own, 'mistyped.db')
    ownConfig = join(own, 'ecl.yml')
    const history = `history: { store: 'sqlite:history.db' }`
    const groups = 'groups: { web: { events: [hit, error], intervals: [2s, 1h] } }'
    writeFileSync(ownConfig, `store: sqlite:mistyped.db\n${history}\n${groups}\n`)
  })

  const read = ([name, ...args]: readonly [string, ...string[]]) =>
    command(name, ownConfig, ...args)

  it.each(READERS)(
    'says that there is no such file, and makes none: %s %s %s',
    async (...reader) => {
      const { code, stdout, stderr } = await read(reader)
      expect({ code, said: stdout + stderr }).toEqual({
        code: 3,
        said: expect.stringContaining(
          `SQLite file ${file}: there is no such file; check the path, or start what counts and ecl-master, which make it`,
        ),
      })
      expect(readdirSync(own)).toEqual(['ecl.yml'])
    },
  )

  it.each([
    ['nothing', /holds nothing yet; check the path, or start what counts and ecl-master/],
    ['text', /is no SQLite file; name another file/],
    ['a table', /is the database of another program; name another file/],
  ])('leaves a file that holds %s as it is, and says so', async (what, says) => {
    if (what === 'a table') await run(process.execPath, [OTHER, file, 'CREATE TABLE t (a)'])
    else writeFileSync(file, what === 'text' ? 'hit: 7\n'.repeat(1000) : '')
    const before = readFileSync(file)
    for (const reader of READERS) {
      const { code, stdout, stderr } = await read(reader)
      expect([code, stdout + stderr]).toEqual([3, expect.stringMatching(says)])
    }
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(own).sort()).toEqual(['ecl.yml', 'mistyped.db'])
  })

  it('tells Munin that there is no such file, and makes none', async () => {
    const env = { ...process.env, config: ownConfig, ecl_reader: bin('ecl-reader') }
    const link = join(own, 'ecl_web_2s')
    await run('ln', ['-s', PLUGIN, link])
    for (const args of [[], ['config'], ['autoconf']]) {
      const { stdout, stderr } = await run(link, args, { env }).catch((failed) => failed)
      if (args[0] !== 'config') expect(stdout + stderr).toContain(`${file}: there is no such file`)
    }
    expect(readdirSync(own).sort()).toEqual(['ecl.yml', 'ecl_web_2s'])
  })

  it.each([
    ['in no folder', 'no/counts.db', /no\/counts\.db: there is no such folder/],
    ['which is a folder', 'folder', /folder: is a folder; name a file in it/],
  ])('of ecl-master, --check, says that a file cannot be made %s', async (_, name, says) => {
    mkdirSync(join(own, 'folder'))
    writeFileSync(ownConfig, readFileSync(ownConfig, 'utf8').replace('mistyped.db', name))
    const checked = await command('ecl-master', '--check', ownConfig)
    expect(checked).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(says) })
  })

  it('refuses in time a file with a trigger that never ends, as does what counts', async () => {
    await command('ecl-log-event', ownConfig, 'web', 'hit')
    const forever =
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
    await run(process.execPath, [
      ...[OTHER, file],
      `CREATE TRIGGER trap AFTER INSERT ON client BEGIN ${forever}; END`,
    ])
    const says = /has been altered by another program.*\(it has trigger "trap"\)/
    const startedMs = performance.now()
    for (const [name, ...args] of [
      ['ecl-log-event', 'web', 'hit'],
      ['ecl-master', '--once'],
      ['ecl-master', '--check'],
      ['ecl-reader', '-g', 'web', '-i', '2s'],
    ] as const) {
      const { code, stderr } = await command(name, ownConfig, ...args)
      expect([code, stderr]).toEqual([3, expect.stringMatching(says)])
    }
    // Of which ecl-log-event takes the 5 s in which a store might come back.
    expect(performance.now() - startedMs).toBeLessThan(15_000)
  })
})

describe('a program with the counts in a file', () => {
  const SHORT_LIVED = fileURLToPath(new URL('programs/short-lived.mjs', import.meta.url))

  it.each([
    ['log', { a: '3', b: '10' }],
    ['log, flush, idle', { a: '1', b: '0' }],
    ['log, read', { a: '4', b: '0' }],
    ['read', { a: '0', b: '0' }],
    ['log, close', { a: '1', b: '0' }],
  ])('ends by itself, and has everything stored: %s', async (thing, expected) => {
    const own = join(folder, `${thing}.yml`)
    const groups = 'groups: { g: { events: [a, b], intervals: [400000h] } }'
    writeFileSync(own, `store: "sqlite:${thing}.db"\n${groups}\n`)
    const { stderr } = await run(process.execPath, [SHORT_LIVED, own, thing], { timeout: 10_000 })
    expect(stderr).toBe('')
    const { stdout } = await command('ecl-reader', own, '-g', 'g', '--current')
    expect(stdout).toBe(`a:${expected.a}\nb:${expected.b}\n`)
  })

  it('keeps nothing of the calls that it has made, whatever groups it made them with', async () => {
    const program = fileURLToPath(new URL('programs/sqlite-fresh-groups.mjs', import.meta.url))
    const file = join(folder, 'fresh.db')
    // To keep what came with each call would take three times as much, and the thread would be ended.
    const { stdout } = await run(process.execPath, ['--max-old-space-size=40', program, file])
    expect(stdout).toBe('600\n')
  })
})
