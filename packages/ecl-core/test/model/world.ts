import { expect } from '@jest/globals'
import type { Batch } from '../../src/batch.ts'
import type { Timer } from '../../src/clock.ts'
import type { GroupSpec, Layout } from '../../src/group-spec.ts'
import { graceMs, type Interval, windowEnd } from '../../src/interval.ts'
import type { Applied, CounterStore, Reading, Snapshot } from '../../src/store/counter-store.ts'
import { groupSpec, NOON } from '../../src/testing/hand-client.ts'
import { ManualClock, settle } from '../../src/testing/manual-clock.ts'
import type { Backend } from './backend.ts'
import { Client, type Fault, unavailable } from './client.ts'
import { type Counts, demand, ReferenceStore, sums, withoutZeroes } from './reference.ts'

/** A client that has been silent for so long is taken for dead. */
const LEASE_SECONDS = 10
const INTERVALS: readonly Interval[] = [
  { spec: '2s', seconds: 2 },
  { spec: '3s', seconds: 3 },
]
const GRACE_MS = graceMs(2)
/** Masters that are later than this do not let every held batch in before its time is over. */
const LATE_MS = GRACE_MS - 320

/** What a schedule is played with. */
export interface Setup {
  readonly dynamic: boolean
  /** In a dynamic group. */
  readonly maxEvents: number | undefined
  readonly syncIntervalMs: number | undefined
  readonly syncLimit: number | undefined
  /** How late each master turns windows over, ms. */
  readonly mastersMs: readonly number[]
  readonly jitter: number
  readonly loggers: number
  /** Where the programs put their counts: masters and readers by the first, loggers by each of them in turn. */
  readonly layouts: readonly Layout[]
}

/** Loggers, masters and a store in a time that is wound by hand, and the laws that hold for them. */
export class World {
  readonly spec: GroupSpec
  readonly clients: Client[] = []
  /** How many windows were read as complete. */
  completeReads = 0
  readonly #setup: Setup
  readonly #backend: Backend
  readonly #clock: ManualClock
  readonly #offsetMs: number
  readonly #reference: ReferenceStore
  /** The store as clients and masters have it. */
  readonly #store: CounterStore
  readonly #turns = new Map<string, Timer>()
  /** Windows that were read as complete, with what was in them. */
  readonly #final = new Map<string, Counts>()
  readonly #views = new Set<() => void>()
  #queue: Promise<unknown> = Promise.resolve()
  #pending = 0
  #mastersAway = false
  #crashing = false
  #down = false
  #ending = false
  /** Whether something has happened after which counts may be late. */
  #disturbed: boolean
  #violation: unknown

  private constructor(backend: Backend, setup: Setup) {
    this.#backend = backend
    this.#setup = setup
    this.#clock = new ManualClock((NOON + 0.5) * 1000, () => this.#settled())
    this.#offsetMs = (NOON + 0.5) * 1000 - this.#clock.monotonicMs()
    this.#disturbed = setup.mastersMs.every((lateMs) => lateMs > LATE_MS)
    const { dynamic, maxEvents, syncIntervalMs, syncLimit } = setup
    this.spec = groupSpec({
      ...{ dynamic, syncIntervalMs, syncLimit, intervals: INTERVALS },
      maxEvents: dynamic ? maxEvents : undefined,
      layout: setup.layouts[0] ?? 'keys',
    })
    this.#reference = new ReferenceStore(this.spec)
    this.#store = this.#front()
  }

  /** Begins, with as many loggers as are asked for. */
  static async begin(backend: Backend, setup: Setup): Promise<World> {
    const world = new World(backend, setup)
    await backend.begin(world.#clock, () => world.storeMs)
    setup.mastersMs.forEach((_, master) => {
      for (const interval of INTERVALS) world.#planTurn(master, interval)
    })
    for (let i = 0; i < setup.loggers; i++) world.start()
    return world
  }

  get storeMs(): number {
    return this.#clock.monotonicMs() + this.#offsetMs
  }

  /** Ends the schedule where a law was broken meanwhile. */
  check(): void {
    if (this.#violation !== undefined) throw this.#violation
  }

  /** A client that can log, by any number; undefined where there is none. */
  pick(index: number): Client | undefined {
    const able = this.clients.filter((client) => client.canLog)
    return able[index % able.length]
  }

  /** Another process begins to log. */
  start(): Client {
    const { layouts } = this.#setup
    const layout = layouts[this.clients.length % layouts.length] ?? 'keys'
    const client = new Client(`host/${this.clients.length}/x`, {
      group: { ...this.spec, layout },
      clock: this.#clock,
      random: () => this.#setup.jitter,
      storeMs: () => this.storeMs,
      store: this.#store,
    })
    // Masters do not know of it, nor do other loggers.
    client.group.declareEvent('declared here')
    this.clients.push(client)
    return client
  }

  /** Lets time pass for everyone. */
  pass(ms: number): Promise<void> {
    return this.#clock.advance(ms)
  }

  /** Time passes while the processes' event loops get no turn. */
  async block(ms: number): Promise<void> {
    // Until its first reply a logger knows when counts were made only as well as its event loop runs.
    await this.#settled()
    if (this.clients.some((client) => client.isNew)) return
    // Nor does a crash wait for it.
    if (this.#crashing && !this.#down) return
    this.#disturbed = true
    this.#clock.block(ms)
    await this.#clock.advance(0)
  }

  /** Something happens to a client's next batches. */
  disturb(client: Client, faults: readonly Fault[]): void {
    this.#disturbed = true
    client.faults.push(...faults)
  }

  /** Masters are stopped, or go on. */
  async setMasters(away: boolean): Promise<void> {
    this.#disturbed = true
    this.#mastersAway = away
    if (!away) await this.#catchUp()
  }

  /** The network delivers a batch again that somebody has sent. */
  async deliverAgain(client: Client, index: number): Promise<void> {
    const batch = client.sent[index % client.sent.length]
    if (batch !== undefined && !this.#down) await this.#apply(batch).catch(() => undefined)
  }

  /**
   * After some time the store crashes, loses what it was told since now, and is away for some time more.
   * One at a time.
   */
  async crash(afterMs: number, downMs: number): Promise<void> {
    if (this.#crashing) return
    this.#crashing = true
    this.#disturbed = true
    const sinceMs = this.storeMs
    const [undoStore, undoReference] = await this.#exclusive(async () => [
      await this.#backend.checkpoint(),
      this.#reference.checkpoint(),
    ])
    this.#clock.after(afterMs, () => {
      this.#down = true
      for (const client of this.clients) {
        // Nobody is left who would send it again.
        if ((client.closedMs ?? 0) >= sinceMs) client.isExact = false
      }
      this.#watch(async () => {
        await undoStore()
        undoReference()
        this.#final.clear()
      })
      this.#clock.after(downMs, () => {
        this.#down = false
        this.#crashing = false
        void this.#catchUp()
      })
    })
  }

  /** Somebody puts a list in a count's place. */
  async misplace(interval: Interval, event: string): Promise<void> {
    await this.#exclusive(async () => {
      if (this.#reference.windowsOf(interval) === undefined) return
      if (await this.#backend.misplace?.(this.spec, interval, event)) {
        this.#reference.misplaced(interval, event)
      }
    })
  }

  /** Somebody counts as the Python original does. */
  async countForeign(interval: Interval, event: string, n: number): Promise<void> {
    await this.#exclusive(async () => {
      if (this.#reference.windowsOf(interval) === undefined) return
      if (await this.#backend.countForeign?.(this.spec, interval, event, n)) {
        this.#reference.countedForeign(interval, event, n)
      }
    })
  }

  /** The server forgets its scripts. */
  async forgetScripts(): Promise<void> {
    await this.#exclusive(async () => this.#backend.forgetScripts?.())
  }

  /** Reads everything, and holds it against what has to be there. */
  async verify(): Promise<void> {
    await this.#exclusive(async () => {
      for (const interval of INTERVALS) await this.#look(interval)
      await this.#audit()
    })
    for (const client of this.clients) this.#checkStatistics(client)
  }

  /** Reads while a client flushes: what is read was true at some instant in between. */
  async readDuring(interval: Interval, client: Client): Promise<void> {
    await this.#exclusive(async () => undefined)
    const truths = [this.#truthNow(interval)]
    const view = () => truths.push(this.#truthNow(interval))
    this.#views.add(view)
    const reading = this.#read(interval)
    void client.group.flush({ signal: AbortSignal.abort() })
    const read = await reading
    await this.#settled()
    this.#views.delete(view)
    const outcomes = truths.map((truth) => {
      try {
        truth(read)
        return undefined
      } catch (error) {
        return error
      }
    })
    if (!outcomes.includes(undefined)) throw outcomes.at(-1)
  }

  /** All faults end; everything is sent, and everyone ends. */
  async finish(): Promise<void> {
    await this.setMasters(false)
    for (const client of this.clients) client.faults = []
    while (this.#crashing) await this.pass(1000)
    await this.verify()
    const flushes = this.clients
      .filter((client) => client.isAlive && !client.isClosing)
      .map(async (client) => expect(await client.group.flush()).toEqual({ unsentEvents: 0 }))
    await this.#passUntil(Promise.all(flushes))
    await this.verify()
    await this.#passUntil(Promise.all(this.clients.map((client) => client.close(5000))))
    await this.#passUntil(Promise.resolve())
    this.#ending = true
    for (const turn of this.#turns.values()) turn.cancel()
    await this.verify()
    this.check()
    expect(this.#clock.pendingTimers).toBe(0)
    for (const client of this.clients) if (client.isExact) this.#checkAllIsIn(client)
  }

  async #passUntil(outcome: Promise<unknown>): Promise<void> {
    let isPending = true
    void outcome
      .catch(() => undefined)
      .then(() => {
        isPending = false
      })
    // After many faults in a row a batch is sent again every 2 s only.
    for (let seconds = 0; isPending && seconds < 60; seconds++) await this.pass(1000)
    this.check()
    if (isPending) throw new Error('nothing has come out for 60 s')
    await outcome
  }

  #front(): CounterStore {
    const { store } = this.#backend
    const isConnected = () => !this.#down
    return {
      lossWindowMs: store.lossWindowMs,
      get connected() {
        return isConnected()
      },
      apply: (batch) => this.#apply(batch),
      rotate: (...args) => store.rotate(...args),
      read: (...args) => store.read(...args),
      accounts: (...args) => store.accounts(...args),
      acknowledgeClient: (...args) => store.acknowledgeClient(...args),
      windows: (...args) => store.windows(...args),
      adoptForeignEvents: (...args) => store.adoptForeignEvents(...args),
      warnings: () => store.warnings(),
      onConnect: (listener) => store.onConnect(listener),
      close: async () => undefined,
    }
  }

  async #apply(batch: Batch): Promise<Applied> {
    if (this.#down) throw unavailable()
    return this.#exclusive(async () => {
      const reply = await this.#backend.store.apply(batch)
      const misplaced = this.#reference.took(batch, reply, this.storeMs)
      for (const view of this.#views) view()
      const client = this.clients.find(({ id }) => id === batch.clientId)
      // Who closes, or has to start anew, does not wait for the masters.
      if (misplaced && client?.isAlive === true && !client.isClosing) {
        demand({ disturbed: this.#disturbed }, { disturbed: true })
      }
      return reply
    })
  }

  #planTurn(master: number, interval: Interval): void {
    const key = `${master} ${interval.spec}`
    const endMs = windowEnd(this.storeMs / 1000, interval) * 1000
    const waitMs = endMs - this.storeMs + (this.#setup.mastersMs[master] ?? 0)
    this.#turns.get(key)?.cancel()
    const timer = this.#clock.after(waitMs, () => {
      if (this.#ending) return
      if (!this.#mastersAway && !this.#down) this.#watch(() => this.#rotate(interval))
      this.#planTurn(master, interval)
    })
    this.#turns.set(key, timer)
  }

  /** As masters do when the store is back, and when they come back themselves. */
  async #catchUp(): Promise<void> {
    if (this.#mastersAway || this.#down) return
    this.#watch(async () => {
      for (const interval of INTERVALS) await this.#rotate(interval)
    })
    await this.#queue
  }

  async #rotate(interval: Interval): Promise<void> {
    // What is about to be replaced has its last word here.
    await this.#look(interval)
    const reply = await this.#backend.store.rotate(this.spec, interval)
    this.#reference.rotated(interval, reply, this.storeMs)
    for (const view of this.#views) view()
  }

  async #look(interval: Interval): Promise<void> {
    const reading = await this.#read(interval)
    this.#truthOf(interval, () => this.#completeOf(interval))(reading)
  }

  #read(interval: Interval): Promise<Reading> {
    const reader = { ...this.spec, events: [...this.spec.events, 'declared here'] }
    return this.#track(this.#backend.store.read(reader, interval, 'both', { completeness: true }))
  }

  /** @returns what holds a reading, which may come later, against what is true now */
  #truthNow(interval: Interval): (reading: Reading) => void {
    const complete = this.#completeOf(interval)
    return this.#truthOf(interval, () => complete)
  }

  #truthOf(interval: Interval, complete: () => (found: Counts) => void) {
    const windows = this.#reference.windowsOf(interval)
    if (windows === undefined) return ({ current }: Reading) => demand({ current }, {})
    const cur = this.#reference.contents(interval, windows.current)
    const last = this.#reference.contents(interval, windows.last)
    return (reading: Reading) => {
      demand(plain(reading.cur), { start: windows.current, counts: cur })
      demand(plain(reading.last), { start: windows.last, counts: last })
      const is = { cur: reading.cur?.completeness?.status === 'complete' }
      demand(is, { cur: false })
      if (reading.last?.completeness?.status === 'complete') complete()(last)
    }
  }

  /**
   * @returns what checks that a window may be called complete: all that happened in it is there, and nothing else.
   *   Missing may be only who has never been heard, or was silent for longer than its lease when the window began.
   */
  #completeOf(interval: Interval): (found: Counts) => void {
    const start = this.#reference.windowsOf(interval)?.last ?? 0
    const missing = this.clients.flatMap((client) => {
      const brought = this.#reference.broughtBy(client.id, interval, start)
      const lost = sums([
        ...client.logged(interval, start),
        ...brought.map(({ event, n }) => ({ event, n: -n })),
      ])
      const sum = Object.values(lost).reduce((a, b) => a + b, 0)
      if (this.spec.maxEvents === undefined ? Object.keys(lost).length === 0 : sum === 0) return []
      return [{ lost, account: this.#reference.accountOf(client.id) }]
    })
    const away = this.clients.flatMap((client) =>
      this.#reference
        .broughtBy(client.id, interval, start)
        .filter(({ landed, n }) => landed !== undefined && landed !== start && n !== 0),
    )
    const strangers = this.#reference.strangers(interval, start)
    const excused = missing.every(
      ({ account }) => account === undefined || account.lastUse + LEASE_SECONDS <= start,
    )
    const key = `${interval.spec} ${start}`
    return (found) => {
      demand({ of: key, missing, excused, away }, { of: key, missing, excused: true, away: [] })
      // Sums cannot tell strangers that cancel each other out.
      demand({ of: key, strangers }, { of: key, strangers: 0 })
      this.completeReads++
      const before = this.#final.get(key)
      if (missing.length > 0) return
      if (before !== undefined) demand(found, before)
      this.#final.set(key, found)
    }
  }

  /** The books of every client balance, and are those of the counts that are there. */
  async #audit(): Promise<void> {
    const { clients } = await this.#backend.store.accounts(this.spec)
    demand(
      clients.map(({ clientId }) => clientId),
      this.#reference.clientIds.sort(),
    )
    for (const account of clients) {
      const { clientId, number, lastUse, applied, refused, late } = account
      const is = { clientId, number, lastUse, applied, refused, late }
      demand(is, { clientId, ...this.#reference.accountOf(clientId) })
      const answered = applied + refused + account.unsent
      demand({ clientId, logged: account.logged }, { clientId, logged: answered })
    }
  }

  #checkStatistics({ group, id, isAlive, loggedEvents, toldLate }: Client): void {
    if (!isAlive) return
    const { logged, applied, unsent, late, unknown, forgottenBatches } = group.stats
    const has = { id, logged: loggedEvents, late: toldLate, unknown: 0, forgottenBatches: 0 }
    const sum = applied + unsent
    demand({ id, logged, late, unknown, forgottenBatches, sum }, { ...has, sum: loggedEvents })
  }

  /**
   * Every event of a client's has come, and into its own window. What is late may be late together, with the stamp of
   * the oldest: no window has more than what happened in it, and all together have everything.
   */
  #checkAllIsIn(client: Client): void {
    // Which events become the overflow event depends on who comes first.
    const bounded = this.spec.maxEvents !== undefined
    const measure = (counts: Counts) => (bounded ? total(counts) : counts)
    for (const interval of INTERVALS) {
      const of = { client: client.id, interval: interval.spec }
      const logged = client.logged(interval)
      const brought = this.#reference.broughtBy(client.id, interval)
      demand({ ...of, all: measure(sums(brought)) }, { ...of, all: measure(sums(logged)) })
      const isOnTime = brought.every(({ own, landed }) => landed === undefined || landed === own)
      const corrects = logged.some(({ n }) => n < 0)
      for (const window of new Set(brought.map(({ own }) => own))) {
        const inPlace = sums(brought.filter((one) => one.own === window && one.landed === window))
        const happened = sums(client.logged(interval, window))
        const where = { ...of, window }
        if (isOnTime) {
          const counts = sums(brought.filter(({ own }) => own === window))
          const [is, has] = [measure(counts), measure(happened)]
          demand({ ...where, is }, { ...where, is: has })
        } else if (!corrects && !bounded) {
          const tooMany = Object.entries(inPlace).filter(([event, n]) => n > (happened[event] ?? 0))
          demand({ ...where, tooMany }, { ...where, tooMany: [] })
        }
      }
    }
  }

  /** One after the other, as a server does; what it finds is told by `check`. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(async () => {
      await this.#backend.beforeCall()
      try {
        return await work()
      } catch (error) {
        this.#violation ??= error
        throw error
      }
    })
    this.#queue = done.catch(() => undefined)
    return this.#track(done)
  }

  #watch(work: () => Promise<void>): void {
    this.#exclusive(work).catch(() => undefined)
  }

  async #track<T>(call: Promise<T>): Promise<T> {
    this.#pending++
    try {
      return await call
    } finally {
      this.#pending--
    }
  }

  /** Until no call is pending, as time does not move meanwhile. */
  async #settled(): Promise<void> {
    do await settle()
    while (this.#pending > 0)
  }
}

function plain(snapshot: Snapshot | undefined): object {
  return { start: snapshot?.start, counts: withoutZeroes(snapshot?.counts ?? []) }
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0)
}
