import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'
import { LoggingSystem } from '../logging-system.ts'
import { ended } from '../system.ts'

const GROUPS = `groups:
  killed: {events: [a], intervals: [1s]}
  stopped: {events: [a], intervals: [1s, 1h]}
`
const LASTING_MS = 40_000

let system: LoggingSystem

beforeAll(async () => {
  system = await LoggingSystem.start(GROUPS, 'stopped:1s:last:@ts')
})
afterEach(() => system.endLoggers())
afterAll(() => system.close())

/** Waits until the window has ended in which something was done just now. */
function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000)
  return until(() => Date.now() >= (second + 1) * 1000)
}

it(
  'waits long enough, by default, to learn that a logger was killed',
  async () => {
    const { child, id } = await system.startProcess('killed')
    child.kill('SIGKILL')
    await ended(child)
    await nextSecond()
    const beganMs = performance.now()
    const { code, stdout } = await system.read('-gkilled', '--complete', '--json')
    expect(performance.now() - beganMs).toBeGreaterThan(7000)
    expect(code).toBe(4)
    expect(JSON.parse(stdout)).toMatchObject({ completeness: 'partial', missing: [id] })
    await until(async () => (await system.read('-gkilled', '--complete')).code === 0)
  },
  LASTING_MS,
)

it(
  'calls windows complete again when a logger that was taken for dead goes on',
  async () => {
    const { child, id } = await system.startProcess('stopped')
    child.kill('SIGSTOP')
    await nextSecond()
    const silent = await system.read('-gstopped', '-i1s', '--complete', '--json')
    expect(silent.code).toBe(4)
    expect(JSON.parse(silent.stdout)).toMatchObject({ completeness: 'partial', missing: [id] })
    child.kill('SIGCONT')
    await until(async () => {
      const { stdout } = await system.read('-gstopped', '--audit', '--json')
      const [books] = JSON.parse(stdout).loggers
      return books.logger === id && books.state === 'alive' && books.difference === 0
    })
    expect(await system.read('-gstopped', '-i1s', '--complete')).toMatchObject({ code: 0 })
  },
  LASTING_MS,
)
