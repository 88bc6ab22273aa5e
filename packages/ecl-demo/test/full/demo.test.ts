import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path, { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { freePorts } from '../../../ecl-core/src/testing/free-ports.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const SAMPLE = fileURLToPath(new URL('../../sample/access.log', import.meta.url))
const HISTORY = fileURLToPath(new URL('../../../ecl-history/bin/ecl-history.cjs', import.meta.url))
const SHORT = ['--seconds', '4', '--window', '2']

interface Process {
  readonly pid: number
  readonly group: number
  readonly command: string
}

/** What runs on this machine. Small containers have no `ps`, and other systems no /proc. */
function everyProcess(): Process[] {
  const lines = existsSync('/proc/self/stat')
    ? readdirSync('/proc').flatMap(readProc)
    : execFileSync('ps', ['-eo', 'pid=,pgid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, pid, group, command] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? []
    return command === undefined ? [] : [{ pid: Number(pid), group: Number(group), command }]
  })
}

function readProc(pid: string): string[] {
  try {
    // pid (name) state parent group …; a name may hold parentheses.
    const group = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[2]
    return [`${pid} ${group} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
  } catch {
    // No process, or one that has just ended.
    return []
  }
}

/** A demo as a user starts it, leader of a process group of its own, with its own folder for temporary files. */
class RunningDemo {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], directory: string) {
    const env = { ...process.env, TMPDIR: directory }
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn(process.execPath, [MAIN, ...args], {
      env,
      detached: true,
      stdio: [...stdio],
    })
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    this.child = child
    this.ended = new Promise((resolve) => child.once('close', resolve))
  }

  get group(): number {
    return this.child.pid ?? 0
  }

  /** Everything of this demo that runs: itself and its children. */
  processes(): Process[] {
    return everyProcess().filter(({ group }) => group === this.group)
  }

  /** Waits for a text on stdout. */
  async printed(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (this.child.exitCode !== null)
        throw new Error(`it ended without "${text}": ${this.stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

let directory = ''
let running: RunningDemo[] = []

function start(...args: string[]): RunningDemo {
  const demo = new RunningDemo(args, directory)
  running.push(demo)
  return demo
}

async function finish(...args: string[]) {
  const demo = start(...args)
  const code = await demo.ended
  return { code, stdout: demo.stdout, stderr: demo.stderr }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-demo-'))
})

afterEach(async () => {
  for (const demo of running) {
    if (demo.child.exitCode === null) process.kill(-demo.group, 'SIGKILL')
    await demo.ended
  }
  running = []
  rmSync(directory, { recursive: true })
})

function expectCountedServices({ stdout }: RunningDemo): void {
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d – \d\d:\d\d:\d\d\n {2}api_call:\d+\n {2}error:\d+\n/m)
  const [, logged, counted] =
    /^The same to the unit: logged (\d+), counted (\d+) /m.exec(stdout) ?? []
  expect(Number(logged)).toBeGreaterThan(10_000)
  expect(counted).toBe(logged)
}

function expectCountedSample({ stdout }: RunningDemo): void {
  const codes = readFileSync(SAMPLE, 'utf8').match(/(?<=^.* \[.*\] ".*" )\d{3}(?= (\d+|-) ")/gm)
  expect(codes).toHaveLength(201)
  for (const status of new Set(codes)) {
    const n = codes?.filter((one) => one === status).length ?? 0
    expect(stdout).toMatch(new RegExp(`^  ${status}( +${n}){4,5}$`, 'm'))
  }
  expect(stdout).toMatch(/^ {2}total( +201){4,5}$/m)
  expect(stdout).toMatch(/^1 line is in no known format, .*\n {2}line 151: "logrotate:/m)
  expect(stdout).toContain('The same to the unit: logged 402, counted 402 in windows of ')
}

describe('demo', () => {
  it('counts what three services logged, and a log beside it in Redis, to the unit', async () => {
    // Two demos at once do not disturb each other, and half the time.
    const demo = start(...SHORT)
    const replay = start('--input', SAMPLE, '--redis', ...SHORT)
    expect(await demo.ended).toBe(0)
    expect(await replay.ended).toBe(0)
    expectCountedServices(demo)
    expectCountedSample(replay)
    for (const { stdout, stderr } of [demo, replay]) {
      expect(stderr).toBe('')
      expect(stdout).toMatch(
        /^The history, as ecl-history tells it:\n.*, windows of 2s: .*\nstart /m,
      )
      expect(stdout).not.toContain('\u001b')
      // Commands may be longer: they are to be copied.
      const lines = stdout.split('\n').filter((line) => !line.includes(directory))
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
    }
    expect([...demo.processes(), ...replay.processes()]).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })

  it('keeps its history, which ecl-history prints when everything else is gone', async () => {
    const { code, stdout } = await finish(...SHORT)
    expect(code).toBe(0)
    const [, args = ''] = /^  npx ecl-history (.*) --step all$/m.exec(stdout) ?? []
    const [config = '', ...others] = args.split(' ')
    const file = path.resolve(config)
    const printed = execFileSync(process.execPath, [HISTORY, file, ...others, '--step', 'all'])
    const [, counted] = /^  page_view +(\d+)/m.exec(stdout) ?? []
    expect(printed.toString()).toContain(` page_view:${counted}\n`)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends everything at a %s, with exit code 130',
    async (signal) => {
      const demo = start(...SHORT)
      await demo.printed('Logging begins')
      const commands = demo.processes().map(({ command }) => command)
      for (const [part, n] of [
        ['ecl-master.cjs', 2],
        ['ecl-history.cjs', 1],
        ['service.js', 3],
      ] as const) {
        expect(commands.filter((command) => command.includes(part))).toHaveLength(n)
      }
      demo.child.kill(signal)
      expect(await demo.ended).toBe(130)
      expect(demo.stderr).toBe('demo: interrupted; everything is ended\n')
      expect(demo.processes()).toEqual([])
      expect(readdirSync(directory)).toEqual([])
    },
  )

  it("takes a terminal's Ctrl-C, which ends its children, too, for no crash", async () => {
    const demo = start(...SHORT)
    await demo.printed('Logging begins')
    process.kill(-demo.group, 'SIGINT')
    expect(await demo.ended).toBe(130)
    expect(demo.stderr).toBe('demo: interrupted; everything is ended\n')
    expect(demo.processes()).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })

  it.each([
    ['ecl-master.cjs', 'ecl-master 1 ended unexpectedly (SIGKILL)'],
    ['service.js', 'the service "web" ended unexpectedly (SIGKILL)'],
    ['r.sock', 'the store has failed: '],
  ])('says which one it was, and fails, when %s is killed', async (part, message) => {
    const demo = start(...SHORT, ...(part === 'r.sock' ? ['--redis'] : []))
    await demo.printed('Logging begins')
    const victim = demo.processes().find(({ command }) => command.includes(part))
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    expect(await demo.ended).toBe(1)
    expect(demo.stderr).toContain(`demo: ${message}`)
    expect(demo.stderr).not.toContain('    at ')
    expect(demo.processes()).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })

  it('refuses in one line what is not an access log', async () => {
    const empty = join(directory, 'empty.log')
    const other = join(directory, 'other.log')
    writeFileSync(empty, '')
    writeFileSync(other, '{"status":200}\n')
    for (const [name, message] of [
      ['no-such.log', 'demo: "no-such.log": there is no such file\n'],
      [directory, `demo: "${directory}" is a directory, not a log file\n`],
      [empty, `demo: "${empty}" holds no line in Common or Combined Log Format: it is empty\n`],
      [
        other,
        `demo: "${other}" holds no line in Common or Combined Log Format: line 1: "{"status":200}" is none\n`,
      ],
    ] as const) {
      expect(await finish('--input', name)).toEqual({ code: 1, stdout: '', stderr: message })
    }
  })

  it('counts in a Redis that is named, if nothing else is there, and leaves nothing', async () => {
    const [port = 0] = await freePorts(1)
    await using redis = await PrivateRedis.start({ port })
    const url = `redis://127.0.0.1:${port}/3`
    await redis.client.select(3)
    await redis.client.set('x', '1')
    const refused = await finish('--redis', url)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toBe(
      `demo: ${url} is not empty; name a database that is, such as …/15\n`,
    )
    await redis.client.del('x')
    const { code, stdout } = await finish(...SHORT, '--redis', url)
    expect(code).toBe(0)
    expect(stdout).toContain(`\n  Redis      at ${url}\n`)
    expect(await redis.client.dbsize()).toBe(0)
  })

  it('knows wrong use by exit code 2', async () => {
    const { code, stdout, stderr } = await finish('--speed', '9')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe("demo: Unknown option '--speed'; --help tells what there is\n")
  })

  it('prints its help to stdout', async () => {
    const { code, stdout } = await finish('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: npm run demo -- [options]')
  })
})
