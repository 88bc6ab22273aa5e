import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from 'ecl-core/testing'

const BIN = fileURLToPath(new URL('../bin/ecl-master.cjs', import.meta.url))

/** A line of the daemon's log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [detail: string]: unknown
}

/** The levels of pino. */
export const LEVEL = { debug: 20, info: 30, warn: 40, error: 50 } as const

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The built command as a child process. */
export class RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  constructor(
    args: readonly string[],
    command: readonly [string, ...string[]] = [process.execPath, BIN],
  ) {
    const [program, ...first] = command
    const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.child = child
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      ),
    )
  }

  /** What it has logged so far, each line being JSON. */
  get log(): LogLine[] {
    const lines = this.stderr.split('\n').slice(0, -1)
    return lines.map((line): LogLine => JSON.parse(line))
  }

  /** Messages of one level and above. */
  messages(level: number): string[] {
    return this.log.filter((line) => line.level >= level).map(({ msg }) => msg)
  }

  /** Waits until it has logged so many matching messages. */
  async logged(pattern: RegExp, times = 1): Promise<void> {
    await until(() => this.log.filter(({ msg }) => pattern.test(msg)).length >= times)
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Ended & { readonly tookMs: number }> {
    const startedMs = performance.now()
    this.child.kill(signal)
    const ended = await this.ended
    return { ...ended, tookMs: performance.now() - startedMs }
  }
}

/** Runs the built command to its end. */
export function runToEnd(...args: string[]): Promise<Ended> {
  return new RunningCommand(args).ended
}

/** What a shell does with the built command, which is `$ecl_master` there. */
export function runInShell(script: string): Promise<Ended> {
  const master = `'${process.execPath}' '${BIN}'`
  return new RunningCommand([], ['/bin/sh', '-c', script.replaceAll('$ecl_master', master)]).ended
}
