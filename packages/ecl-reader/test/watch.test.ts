import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import type { EpochSeconds } from 'ecl-core'
import { PrivateRedis, until } from 'ecl-core/testing'
import { openHistory } from 'ecl-history'
import { configFile, READER } from './reader-process.ts'

let redis: PrivateRedis
let config: string
let child: ChildProcess | undefined

beforeAll(async () => {
  redis = await PrivateRedis.start()
  config = configFile(
    redis,
    'ecl.yml',
    `redis: {path: ${redis.socket}}\ngroups:\n  web: {events: [a, b], intervals: [1s]}\n`,
  )
})
afterEach(() => {
  child?.kill('SIGKILL')
})
afterAll(() => redis.close())

/** Starts a command; what it prints grows in `shown`. */
function start(file: string, args: readonly string[]) {
  const started = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child = started
  const shown = { stdout: '', stderr: '' }
  started.stdout.on('data', (chunk: Buffer) => {
    shown.stdout += chunk.toString()
  })
  started.stderr.on('data', (chunk: Buffer) => {
    shown.stderr += chunk.toString()
  })
  return { started, shown }
}

/** Turns the window over as a Python master does, until something has been seen. */
async function turnUntil(seen: () => boolean): Promise<void> {
  await until(async () => {
    const now = Math.floor(Date.now() / 1000)
    await redis.client.mset({
      'web:1s:cur:@ts': now,
      'web:1s:last:a': now % 1000,
      'web:1s:last:b': 2,
    })
    return seen()
  })
}

it('prints a line of JSON for each window, also after an outage', async () => {
  const { started, shown } = start(process.execPath, [
    READER,
    config,
    ...['-gweb', '--watch', '--json'],
  ])
  const lines = () => shown.stdout.split('\n').length - 1
  await turnUntil(() => lines() >= 3)
  await redis.kill()
  await until(() => shown.stderr.includes('trying again'))
  await redis.start()
  const before = lines()
  await turnUntil(() => lines() >= before + 2)
  started.kill('SIGINT')
  const [code] = await once(started, 'close')
  expect(code).toBe(0)
  const windows = shown.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const starts = windows.map((window) => window.start)
  expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => a - b))
  expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBe(1)
  expect(shown.stderr.trimEnd().split('\n').length).toBeLessThan(4)
})

it('prints the header of CSV once', async () => {
  const { started, shown } = start(process.execPath, [
    READER,
    config,
    ...['-gweb', '--watch', '--format', 'csv', '--top', '1', '--event', 'b'],
  ])
  await turnUntil(() => shown.stdout.split('\n').length >= 4)
  started.kill('SIGTERM')
  expect(await once(started, 'close')).toEqual([0, null])
  const records = parse(shown.stdout, { columns: true })
  expect(records[0]).toMatchObject({ group: 'web', event: 'b', count: '2' })
  expect(records.length).toBe(shown.stdout.split('\n').length - 2)
})

it('ends well when nobody reads any more', async () => {
  const { started, shown } = start(process.execPath, [READER, config, '-gweb', '--watch'])
  await turnUntil(() => /^web 1s \d{4}-.*Z:\na:\d+\nb:2\n\n/.test(shown.stdout))
  started.stdout.destroy()
  let code: number | null | undefined
  started.once('close', (ended: number | null) => {
    code = ended
  })
  await turnUntil(() => code !== undefined)
  expect({ code, stderr: shown.stderr }).toEqual({ code: 0, stderr: '' })
})

it('gives the terminal back as it was, at Ctrl-C', async () => {
  const command = `stty cols 60 rows 10; exec '${process.execPath}' '${READER}' '${config}' -gweb --watch`
  const { started, shown } = start('script', ['-qec', command, '/dev/null'])
  await turnUntil(() => /a +\d+ +[=+]\d* +\S+ /.test(shown.stdout))
  started.stdin.write('\u0003')
  const [code] = await once(started, 'close')
  expect(code).toBe(0)
  expect(shown.stdout).toContain('\u001b[?1049h\u001b[?25l')
  // Behind the ^C that the terminal shows.
  expect(shown.stdout).toMatch(/\u001b\[\?25h\u001b\[\?1049l$/)
})

it('begins with full curves where the config has a history', async () => {
  const store = `sqlite:${join(redis.directory, 'history.db')}`
  const groups = 'groups:\n  web: {events: [a, b], intervals: [1s]}\n'
  const kept = configFile(
    redis,
    'kept.yml',
    `redis: {path: ${redis.socket}}\nhistory: {store: "${store}"}\n${groups}`,
  )
  const now = Math.floor(Date.now() / 1000)
  const history = openHistory(store)
  await history.archive(
    // Longer than it takes to start, and than the curve.
    Array.from({ length: 60 }, (_, n) => {
      const begins = (now - 30 + n) as EpochSeconds
      const version = {
        publishedMs: 1,
        revision: n,
        part: 1,
        parts: 1,
        completeness: 'complete' as const,
      }
      const window = {
        group: 'web',
        interval: '1s',
        start: begins,
        end: (begins + 1) as EpochSeconds,
      }
      return { ...window, ...version, late: 0n, total: 9n, counts: new Map([['a', 9n]]) } as const
    }),
  )
  await history.close()
  const command = `stty cols 60 rows 10; exec '${process.execPath}' '${READER}' '${kept}' -gweb --watch`
  const { started, shown } = start('script', ['-qec', command, '/dev/null'])
  // Before as many windows have been seen.
  await turnUntil(() => /b +2 +[=+]\d* +▁{15,19}█/.test(shown.stdout))
  started.stdin.write('\u0003')
  expect((await once(started, 'close'))[0]).toBe(0)
})
