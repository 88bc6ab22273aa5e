import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'
import { RunningCommand } from './running-command.ts'

/** A group that is turned over each second. */
export const GROUPS = 'groups: {g: {events: [a], intervals: [1s]}}'

/** With what is kept on disk at once, and so nothing to warn of. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

/** Makes what a test of the command needs, and ends it after the test. Registers hooks. */
export class Fixture {
  directory = ''
  #closing: (() => unknown)[] = []

  constructor() {
    beforeEach(() => {
      this.directory = mkdtempSync(join(tmpdir(), 'ecl-master-'))
      this.#closing = []
    })
    afterEach(async () => {
      for (const close of this.#closing.reverse()) await close()
      rmSync(this.directory, { recursive: true })
    })
  }

  /** Has something done after the test; the last one first. */
  after(close: () => unknown): void {
    this.#closing.push(close)
  }

  /** Writes a config. @returns its name */
  config(text: string, name = 'ecl.yml'): string {
    const file = join(this.directory, name)
    writeFileSync(file, text)
    return file
  }

  /** Writes a config for a server. @returns its name */
  configFor(redis: PrivateRedis, groups = GROUPS): string {
    return this.config(`redis: {path: ${redis.socket}}\n${groups}\n`)
  }

  async startRedis(args: readonly string[] = DURABLE): Promise<PrivateRedis> {
    const redis = await PrivateRedis.start({ args })
    this.after(() => redis.close())
    return redis
  }

  startMaster(...args: string[]): RunningCommand {
    const master = new RunningCommand(args)
    this.after(() => {
      master.child.kill('SIGKILL')
      return master.ended
    })
    return master
  }

  /** Starts a server that takes connections and never says a word. @returns its port */
  async startSilentServer(): Promise<number> {
    const server = createServer((socket) => this.after(() => socket.destroy()))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.after(() => server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('it does not listen')
    return address.port
  }
}
