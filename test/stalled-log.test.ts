/** Who does not read a log, or a disk that is full, stops nobody from counting, rotating, archiving or ending. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis, until } from 'ecl-core/testing'

const MASTER = fileURLToPath(new URL('../packages/ecl-master/bin/ecl-master.cjs', import.meta.url))
const HISTORY = fileURLToPath(
  new URL('../packages/ecl-history/bin/ecl-history.cjs', import.meta.url),
)
const HOST = fileURLToPath(new URL('programs/noisy-host.mjs', import.meta.url))

let redis: PrivateRedis
let config: string
let away: string
let children: ChildProcess[] = []
let files: number[] = []

beforeAll(async () => {
  redis = await PrivateRedis.start()
  const file = (name: string, text: string) => {
    const path = join(redis.directory, name)
    writeFileSync(path, text)
    return path
  }
  const groups = 'groups: {g: {events: [a], intervals: [1s]}}'
  const history = `history: {store: 'sqlite:${join(redis.directory, 'history.db')}'}`
  config = file('ecl.yml', `redis: {path: ${redis.socket}}\n${history}\n${groups}\n`)
  away = file('away.yml', `redis: {path: ${redis.socket}.none}\n${groups}\n`)
})

afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  }
  for (const fd of files) closeSync(fd)
  children = []
  files = []
  await redis.client.flushall()
})

afterAll(() => redis.close())

/** A pipe that is full, as its reader has stopped reading. `end` is a reader's. */
function fullPipe(): { stderr: number; end: number } {
  const path = join(redis.directory, `fifo${files.length}-${performance.now()}`)
  execFileSync('mkfifo', [path])
  const end = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const line = Buffer.alloc(1024, '.')
  try {
    for (;;) writeSync(end, line)
  } catch {
    // It is full.
  }
  const stderr = openSync(path, constants.O_WRONLY)
  files.push(end, stderr)
  return { stderr, end }
}

function fullDisk(): { stderr: number } {
  const stderr = openSync('/dev/full', constants.O_WRONLY)
  files.push(stderr)
  return { stderr }
}

/** All that a reader finds. */
function readAll(fd: number): string {
  const buffer = Buffer.alloc(1024 * 1024)
  let text = ''
  try {
    for (;;) text += buffer.toString('utf8', 0, readSync(fd, buffer))
  } catch {
    return text
  }
}

function start(stderr: number, ...args: readonly string[]): ChildProcess & { out: string } {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', stderr] })
  const started = Object.assign(child, { out: '' })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    started.out += text
  })
  children.push(child)
  return started
}

async function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return child.exitCode
  const [code, signal]: unknown[] = await once(child, 'close')
  return code ?? signal
}

const windowStart = () => redis.client.get('g:1s:cur:@ts')

async function untilRotated(times: number): Promise<void> {
  const seen = new Set<string>()
  await until(async () => seen.add((await windowStart()) ?? 'none').size > times, 15_000)
}

describe.each([
  ['a pipe that nobody reads', fullPipe],
  ['a full disk', fullDisk],
])('with stderr on %s', (_name, open) => {
  it('a master rotates, and ends at a SIGTERM', async () => {
    const master = start(open().stderr, MASTER, '-v', config)
    await untilRotated(3)
    master.kill('SIGTERM')
    expect(await endOf(master)).toBe(0)
  })

  it('an archiver archives, and ends at a SIGTERM', async () => {
    start(open().stderr, MASTER, '-v', config)
    const archiver = start(open().stderr, HISTORY, config, 'archive', '-v')
    await until(async () => {
      const groups = await redis.client.xinfo('GROUPS', '@history:g:1s:closed').catch(() => [])
      const fields = Array.isArray(groups) && Array.isArray(groups[0]) ? groups[0] : []
      return Number(fields[fields.indexOf('entries-read') + 1]) >= 2
    }, 15_000)
    archiver.kill('SIGTERM')
    expect(await endOf(archiver)).toBe(0)
  })

  it('a service goes on with the default logger, and ends by itself', async () => {
    const host = start(open().stderr, HOST, away)
    await until(() => host.out === 'alive\n', 15_000)
    host.stdin?.end()
    expect(await endOf(host)).toBe(0)
  })
})

it('what was dropped is counted, and said once the log is read again', async () => {
  const { stderr, end } = fullPipe()
  const host = start(stderr, HOST, away)
  await until(() => host.out === 'alive\n', 15_000)
  let text = ''
  await until(() => {
    text += readAll(end)
    return text.includes('log lines dropped')
  }, 15_000)
  const dropped = Number(/ecl: warning: (\d+) log lines dropped/.exec(text)?.[1])
  const shown = text.split('\n').filter((line) => line.endsWith('it is not counted')).length
  expect(shown).toBeGreaterThan(100)
  // One about Redis, which is away.
  expect(shown + dropped).toBeGreaterThanOrEqual(1000)
  expect(shown + dropped).toBeLessThanOrEqual(1002)
  host.stdin?.end()
  expect(await endOf(host)).toBe(0)
})
