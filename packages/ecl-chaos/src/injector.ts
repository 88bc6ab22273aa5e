import { setTimeout as sleep } from 'node:timers/promises'
import type { Loss } from './claims.ts'
import type { Struck } from './excuses.ts'
import type { Fault, Target } from './faults.ts'
import type { System } from './system.ts'

/** How long a logger may take to close. */
const CLOSING_MS = 45_000
/** A logger that ends so soon after a crash may not have heard of it yet. */
const HEARS_OF_CRASH_MS = 10_000

interface Crash extends Loss {
  upMs: number
}

/** Does to the system what a schedule says. */
export class Injector {
  /** Crashes that took the last writes away. */
  readonly crashes: Crash[] = []
  /** What has happened. */
  readonly struck: Struck[] = []
  readonly #system: System
  #stopped = false
  #fsync: 'everysec' | 'always' = 'everysec'
  /** What is done to the server one after the other. */
  #serverBusy: Promise<void> = Promise.resolve()

  constructor(system: System) {
    this.#system = system
  }

  /** From now on nothing happens any more. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Strikes, and waits until it is over.
   *
   * @throws where the system cannot be got back to where it was
   */
  async strike(fault: Fault): Promise<void> {
    if (this.#stopped) return
    const { kind, target } = fault
    if (
      kind.startsWith('redis') ||
      kind === 'memory-full' ||
      kind === 'rights-lost' ||
      kind === 'failover'
    ) {
      const before = this.#serverBusy
      const work = before.then(() => this.#strikeServer(fault))
      // What could not be got over is a finding, and is not to be found again with each fault that follows.
      this.#serverBusy = work.catch(() => undefined)
      await work
    } else if (kind === 'script-flush' || kind === 'client-kill' || kind === 'fsync-policy') {
      await this.#strikeInPassing(fault)
    } else if (kind === 'masters-slow' || kind === 'masters-gone') {
      await this.#strikeMasters(fault)
    } else if (target !== undefined) {
      if (/^(logger|master|archiver|clock)-/.test(kind)) await this.#strikeProcess(fault, target)
      else await this.#strikeConnection(fault, target)
    }
  }

  #note(fault: Fault, fromMs: number): void {
    this.struck.push({ fault, fromMs, toMs: Date.now() })
  }

  /** Enters it at once, to last for as long as it will, so that it excuses what happens meanwhile. */
  async #lasting(fault: Fault, during: () => Promise<unknown>): Promise<void> {
    const entry = { fault, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY }
    this.struck.push(entry)
    try {
      await during()
    } finally {
      entry.toMs = Date.now()
    }
  }

  async #strikeConnection(fault: Fault, target: Target): Promise<void> {
    const { proxy } = this.#system.place(target)
    const fromMs = Date.now()
    const struck = () => this.#note(fault, fromMs)
    switch (fault.kind) {
      case 'lose-request':
        proxy.onNextRequest({ kind: 'lose' }, struck)
        break
      case 'copy-request':
        proxy.onNextRequest({ kind: 'copy', afterMs: fault.amount ?? 0 }, struck)
        break
      case 'hold-request':
        proxy.onNextRequest({ kind: 'hold', forMs: fault.amount ?? 0 }, struck)
        break
      case 'lose-reply':
        proxy.cutBeforeNextReply(struck)
        break
      case 'cut':
        proxy.cut()
        struck()
        break
      case 'slow-replies':
        await this.#lasting(fault, async () => {
          proxy.delayReplies(fault.amount ?? 0)
          await sleep(fault.forMs)
          proxy.delayReplies(0)
        })
        break
      default:
        await this.#lasting(fault, async () => {
          proxy.silence(true)
          await sleep(fault.forMs)
          proxy.silence(false)
        })
    }
  }

  async #strikeInPassing(fault: Fault): Promise<void> {
    const { redis } = this.#system
    if (!redis.up) return
    const fromMs = Date.now()
    if (fault.kind === 'script-flush') await redis.server.client.script('FLUSH')
    else if (fault.kind === 'client-kill') {
      await redis.server.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    } else {
      this.#fsync = this.#fsync === 'everysec' ? 'always' : 'everysec'
      await redis.server.client.config('SET', 'appendfsync', this.#fsync)
    }
    this.#note(fault, fromMs)
  }

  async #strikeServer(fault: Fault): Promise<void> {
    const { redis } = this.#system
    await this.#lasting(fault, async () => {
      switch (fault.kind) {
        case 'redis-stop':
          redis.server.signal('SIGSTOP')
          await sleep(fault.forMs)
          redis.server.signal('SIGCONT')
          break
        case 'redis-kill':
          await this.#lose(fault, () => redis.kill())
          break
        case 'redis-crash':
        case 'failover':
          // What "always" has acknowledged is on the disk.
          await this.#lose(fault, () =>
            redis.crash(this.#fsync === 'always' ? 0 : (fault.amount ?? 0)),
          )
          break
        case 'memory-full':
          await redis.server.client.config('SET', 'maxmemory', '1')
          await sleep(fault.forMs)
          await redis.server.client.config('SET', 'maxmemory', '0')
          break
        default:
          await redis.server.client.call('ACL', 'SETUSER', 'default', `-${fault.command ?? 'get'}`)
          await sleep(fault.forMs)
          await redis.server.client.call('ACL', 'SETUSER', 'default', '+@all')
      }
    })
  }

  async #restoreSettings(): Promise<void> {
    await this.#system.redis.server.client.config('SET', 'appendfsync', this.#fsync)
  }

  /** Ends the server in a way that may lose its last writes, and brings it back. */
  async #lose(fault: Fault, end: () => Promise<number>): Promise<void> {
    const { redis, truths } = this.#system
    const fromMs = await end()
    const crash: Crash = { fromMs, toMs: Date.now(), upMs: Number.POSITIVE_INFINITY }
    this.#system.readJournals()
    // Nobody is there to send again what they had sent.
    for (const truth of truths) {
      if (truth.ended === undefined) continue
      truth.ended = { ...truth.ended, killed: true }
      truth.forget(crash.fromMs, crash.toMs)
    }
    this.crashes.push(crash)
    await sleep(fault.forMs)
    await redis.restart()
    crash.upMs = Date.now()
    await this.#restoreSettings()
  }

  async #strikeMasters(fault: Fault): Promise<void> {
    const { masters } = this.#system
    await this.#lasting(fault, async () => {
      if (fault.kind === 'masters-slow') {
        for (const { proxy } of masters) proxy.delayReplies(fault.amount ?? 0)
        await sleep(fault.forMs)
        for (const { proxy } of masters) proxy.delayReplies(0)
        return
      }
      await Promise.all(masters.flatMap(({ child }) => child?.end('SIGKILL') ?? []))
      await sleep(fault.forMs)
      masters.forEach((_, index) => this.#system.startMaster(index))
    })
  }

  async #strikeProcess(fault: Fault, target: Target): Promise<void> {
    const place = this.#system.place(target)
    const index = Number(target.split(' ')[1])
    const { child } = place
    if (child?.alive !== true || child.mayEnd) return
    if (fault.kind === 'clock-jump') {
      this.#system.order(index, { type: 'clock', offsetMs: fault.amount ?? 0 })
      this.#note(fault, Date.now())
      return
    }
    await this.#lasting(fault, async () => {
      if (fault.kind.endsWith('-stop')) {
        child.process.kill('SIGSTOP')
        await sleep(fault.forMs)
        child.process.kill('SIGCONT')
      } else if (fault.kind === 'master-kill' || fault.kind === 'archiver-kill') {
        await child.end('SIGKILL')
        await sleep(fault.forMs)
        if (fault.kind === 'master-kill') this.#system.startMaster(index)
        else this.#system.startArchiver(index)
      } else {
        if (fault.kind === 'logger-kill') await this.#killLogger(index)
        else await this.#closeLogger(index)
        await sleep(fault.forMs)
        if (!this.#stopped) this.#system.startLogger(index)
      }
    })
  }

  async #killLogger(index: number): Promise<void> {
    const { child, truth } = this.#system.loggers[index] ?? {}
    if (child === undefined || truth === undefined) return
    const atMs = Date.now()
    await child.end('SIGKILL')
    this.#system.readJournals()
    truth.ended = { atMs, killed: true }
    for (const crash of this.crashes) {
      if (atMs < crash.upMs + HEARS_OF_CRASH_MS) truth.forget(crash.fromMs, crash.toMs)
    }
  }

  async #closeLogger(index: number): Promise<void> {
    const { child, truth } = this.#system.loggers[index] ?? {}
    if (child === undefined || truth === undefined) return
    const closingMs = Date.now()
    this.#system.order(index, { type: 'close' })
    const timeout = sleep(CLOSING_MS, 'late' as const, { ref: false })
    const outcome = await Promise.race([child.ended, timeout])
    if (outcome === 'late') throw new Error(`${child.name} has not closed in ${CLOSING_MS} ms`)
    this.#system.readJournals()
    // Its groups close one by one: what one had sent before the crash, and others outlive, is not sent again.
    const crashes = this.crashes.filter(({ toMs }) => toMs >= closingMs)
    truth.ended = { atMs: Date.now(), killed: crashes.length > 0 }
    for (const { fromMs, toMs } of crashes) truth.forget(fromMs, toMs)
  }
}
