import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'
import { LoggingSystem } from './logging-system.ts'
import { ended, lasting } from './system.ts'

const GROUPS = `groups:
  web: {events: [a, b], intervals: [1s, 2s]}
  hours: {events: [a], intervals: [1h]}
  mixed: {events: [a], intervals: [1h], python_writers: true}
  killed: {events: [a], intervals: [1s]}
  stopped: {events: [a], intervals: [1s]}
`

let system: LoggingSystem

beforeAll(async () => {
  system = await LoggingSystem.start(GROUPS, 'web:1s:last:@ts')
})
afterEach(() => system.endLoggers())
afterAll(() => system.close())

function beAwayFromTheHour(): Promise<void> {
  return until(() => Date.now() % 3_600_000 < 3_590_000, 15_000)
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}

describe('--complete prints', () => {
  it('a window with idle loggers, closed ones, and ones that have joined in its middle', async () => {
    const [idle, busy, closed] = [
      await system.startLogger(),
      await system.startLogger(),
      await system.startLogger(),
    ]
    idle.getGroup('web').log('b')
    await idle.getGroup('web').flush()
    closed.getGroup('web').log('a', 2)
    await closed.close()
    await until(() => Date.now() % 2000 > 400 && Date.now() % 2000 < 1000)
    busy.getGroup('web').log('a', 3)
    const joined = await system.startLogger()
    joined.getGroup('web').log('b', 4)
    const window = Math.floor(Date.now() / 2000) * 2
    await until(() => Date.now() >= (window + 2) * 1000)
    const { code, stdout, stderr } = await system.read('-gweb', '-i2s', '--complete', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { start, counts, ...rest } = JSON.parse(stdout)
    expect(rest).toMatchObject({ which: 'last', completeness: 'complete' })
    expect(rest).not.toHaveProperty('missing')
    expect(start).toBe(window)
    expect(counts.b).toBeGreaterThanOrEqual(4)
    expect(counts.a).toBeGreaterThanOrEqual(3)
  })

  it('several windows, byte for byte as without it', async () => {
    const { code, stdout, stderr } = await system.read('-gweb', '--all', '--complete')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^web 1s:\na:\d+\nb:\d+\n\nweb 2s:\na:\d+\nb:\d+\n$/)
  })

  it('a window once a logger that was stopped has gone on', async () => {
    const { child, id } = await system.startProcess('stopped')
    child.kill('SIGSTOP')
    const demanded = ['-gstopped', '--complete', '--wait=0', '--json']
    await until(async () => {
      const { code, stdout, stderr } = await system.read(...demanded)
      const { completeness, missing } = JSON.parse(stdout)
      return code === 4 && completeness === 'pending' && missing[0] === id && stderr.includes(id)
    })
    let done = false
    const waiting = system.read('-gstopped', '--complete', '--json').finally(() => {
      done = true
    })
    await lasting(1000)
    expect(done).toBe(false)
    child.kill('SIGCONT')
    const { code, stdout, stderr } = await waiting
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout).completeness).toBe('complete')
  })
})

describe('--complete prints what there is, says why, and exits with 4', () => {
  it('where a logger was killed', async () => {
    const { child, id } = await system.startProcess('killed')
    child.kill('SIGKILL')
    await ended(child)
    const entry = (await system.redis.client.hget('killed:@clients', id)) ?? ''
    // Its lease as it will be some seconds later.
    const [number, used, ...others] = entry.split(' ')
    const aged = [number, Number(used) - 6, ...others].join(' ')
    await system.redis.client.hset('killed:@clients', { [id]: aged })
    // The window in which it counted has ended.
    await until(() => Date.now() >= (Number(used) + 1) * 1000)
    const { code, stdout, stderr } = await system.read('-gkilled', '--complete', '--json')
    expect(code).toBe(4)
    expect(JSON.parse(stdout)).toMatchObject({ completeness: 'partial', missing: [id] })
    expect(stderr).toBe(
      `ecl-reader: group "killed", 1s: the window of ${iso(JSON.parse(stdout).start)} is partial: counts are missing of 1 logger: "${id}"\n`,
    )
    // What begins after its lease does not wait for it.
    await until(async () => (await system.read('-gkilled', '--complete')).code === 0)
  })

  it('where Python services may count, with the remedy', async () => {
    const { code, stdout, stderr } = await system.read('-gmixed', '--complete')
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'a:0\n' })
    expect(stderr).toMatch(/^ecl-reader: group "mixed", 1h: .*set python_writers to false.*\n$/)
  })

  it('where somebody else has counted', async () => {
    await beAwayFromTheHour()
    expect(await system.read('-ghours', '--complete')).toMatchObject({ code: 0, stderr: '' })
    await system.redis.client.incrby('hours:1h:last:a', 3)
    const { code, stdout, stderr } = await system.read('-ghours', '--complete')
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'a:3\n' })
    expect(stderr).toMatch(/^ecl-reader: .*nobody can tell.* has put there\n$/)
  })

  it('where no master runs', async () => {
    const lonely = system.configFile('lonely.yml', `{path: ${system.redis.socket}, db: 1}`)
    const none = await system.readFrom(lonely, '-gkilled', '--complete', '--wait', '0.5')
    expect(none).toMatchObject({ code: 4, stdout: 'a:0\n' })
    expect(none.stderr).toMatch(/^ecl-reader: .*no window yet; is ecl-master running\?\n$/)
    const db = system.redis.client.duplicate({ db: 1 })
    await db.mset({ 'killed:1s:cur:@ts': 1_600_000_000, 'killed:1s:cur:@by': 1_600_000_000 })
    await db.quit()
    const old = await system.readFrom(lonely, '-gkilled', '--complete', '--wait', '0.5')
    expect(old).toMatchObject({ code: 4, stdout: 'a:0\n' })
    expect(old.stderr).toMatch(/^ecl-reader: .*not been turned over; is ecl-master running\?\n$/)
  })
})

it.each([
  [['--complete', '--current'], /'--current' cannot be used with --complete/],
  [['--both', '--complete'], /'--both' cannot be used with --complete/],
  [['--complete', '--watch'], /'--watch' cannot be used with --complete/],
  [['--wait', '3'], /'--wait' is for '--complete'/],
  [['--complete', '--wait', 'x'], /not a number of seconds/],
])('refuses %j as wrong usage', async (args, message) => {
  const { code, stdout, stderr } = await system.read('-gkilled', ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
})
