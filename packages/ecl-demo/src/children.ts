import { type ChildProcess, fork, spawn } from 'node:child_process'
import { DemoError } from './errors.ts'

/** Ctrl-C ends children, too, and perhaps before this process hears of it: no crash then. */
const CRASH_DELAY_MS = 150
/** How long a child may take to end when it is asked to. */
const ENDING_MS = 2000
const KEPT_OUTPUT = 2000

/** What a child that runs to its end has printed. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A child process of the demo. */
interface Child {
  readonly name: string
  readonly process: ChildProcess
  readonly closed: Promise<void>
  /** The end of what it has said, for the case that it crashes. */
  output: string
  mayEnd: boolean
}

/** Processes that run as long as the demo does; one that ends by itself ends the demo. */
export class Children {
  readonly #children = new Set<Child>()
  readonly #crashed: (error: DemoError) => void
  #ending = false

  /** @param crashed called when a child ends that should not */
  constructor(crashed: (error: DemoError) => void) {
    this.#crashed = crashed
  }

  /** Starts a Node process that is to run until `endAll`. */
  start(name: string, file: string, args: readonly string[]): void {
    this.#watch(
      name,
      spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  /** Starts a Node process to exchange messages with; it runs until `letEnd`. */
  fork(name: string, file: string): ChildProcess {
    const child = fork(file, [], {
      // Maps arrive as Maps.
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#watch(name, child)
    return child
  }

  /** Runs a Node process to its end. */
  async run(file: string, args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.letEnd(this.#watch(file, child).process)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, stdout, stderr }
  }

  /** From now on this one may end with exit code 0. */
  letEnd(child: ChildProcess): void {
    for (const one of this.#children) if (one.process === child) one.mayEnd = true
  }

  /** Ends all, kindly first. */
  async endAll(): Promise<void> {
    this.#ending = true
    const children = [...this.#children]
    for (const child of children) child.process.kill('SIGTERM')
    const timer = setTimeout(() => {
      for (const child of children) child.process.kill('SIGKILL')
    }, ENDING_MS)
    await Promise.all(children.map((child) => child.closed))
    clearTimeout(timer)
  }

  #watch(name: string, childProcess: ChildProcess): Child {
    const closed = new Promise<void>((resolve) => childProcess.once('close', () => resolve()))
    const child: Child = { name, process: childProcess, closed, output: '', mayEnd: false }
    this.#children.add(child)
    for (const stream of [childProcess.stdout, childProcess.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        child.output = (child.output + chunk.toString()).slice(-KEPT_OUTPUT)
      })
    }
    let failure: string | undefined
    childProcess.once('error', (error) => {
      failure = error.message
    })
    childProcess.once('close', (code, signal) => {
      this.#children.delete(child)
      if (this.#ending || (child.mayEnd && failure === undefined)) return
      this.#report(child, failure ?? (signal === null ? `exit code ${code}` : signal))
    })
    return child
  }

  #report({ name, output }: Child, how: string): void {
    const said = output.trim() === '' ? '' : `; the last that it said:\n${output.trim()}`
    setTimeout(
      () => this.#crashed(new DemoError(`${name} ended unexpectedly (${how})${said}`)),
      CRASH_DELAY_MS,
    )
  }
}
