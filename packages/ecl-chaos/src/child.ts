import { type ChildProcess, fork, spawn } from 'node:child_process'

const KEPT_OUTPUT = 4000
/** What a process says that must never be. */
const ALARMING = /UnhandledPromiseRejection|MaxListenersExceededWarning|^TypeError|^ReferenceError/m

/** A process of the run. */
export class Child {
  readonly name: string
  readonly process: ChildProcess
  readonly ended: Promise<void>
  /** It is being ended, so its end is no surprise. */
  mayEnd = false
  #output = ''
  #alarm: string | undefined

  /** @param crashed called with what is wrong when it ends although it may not, or says something alarming */
  constructor(name: string, child: ChildProcess, crashed: (message: string) => void) {
    this.name = name
    this.process = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
      if (this.#alarm !== undefined || !ALARMING.test(text)) return
      this.#alarm = text
      crashed(`${name} said: ${text.trim()}`)
    })
    child.on('error', (error) => crashed(`${name}: ${error.message}`))
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        if (!this.mayEnd) {
          crashed(`${name} ended (${signal ?? `exit code ${code}`}); it said: ${this.#output}`)
        }
        resolve()
      })
    })
  }

  /** Whether it runs, be it stopped by a signal. */
  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  /** The end of what it has said. */
  get output(): string {
    return this.#output
  }

  /** Ends it as a signal does, and waits for that. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.mayEnd = true
    this.process.kill('SIGCONT')
    this.process.kill(signal)
    await this.ended
  }
}

/** Starts one of our own programs, with a channel for orders. */
export function forkChild(
  name: string,
  file: string,
  job: object,
  crashed: (message: string) => void,
): Child {
  const child = fork(file, [JSON.stringify(job)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  return new Child(name, child, crashed)
}

/** Starts a command that runs until it is ended. */
export function spawnChild(
  name: string,
  file: string,
  args: readonly string[],
  crashed: (message: string) => void,
): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  return new Child(name, child, crashed)
}
