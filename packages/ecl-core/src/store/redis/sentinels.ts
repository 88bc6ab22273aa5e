import { setImmediate } from 'node:timers'
import type { Redis } from 'ioredis'
import type { Clock, Timer } from '../../clock.ts'
import { formatNodeAddress, type NodeAddress, nodeAddress } from '../../config/node-address.ts'
import { asError } from '../../errors.ts'
import { listenOnly } from './guarded-client.ts'
import type { SentinelClients } from './redis-options.ts'
import { describeProblem } from './redis-problem.ts'
import { parseTexts } from './replies.ts'

/** Sentinels are near, and answer from memory; one that takes longer is left out. */
const ANSWER_MS = 1000
/** So long a minority is waited for after a majority has answered, as one of it may know of a later failover. */
const MINORITY_MS = 200
/** How soon a sentinel that is not listened to is asked again, at first and at last. */
const FIRST_AGAIN_MS = 1000
const LONGEST_AGAIN_MS = 30_000
const CHANNEL = '+switch-master'

/** What is needed for asking sentinels. */
export interface SentinelsOptions extends SentinelClients {
  readonly clock: Clock
  /** Called when there is another primary than the one that was named last. */
  readonly onSwitch: () => void
  /** How to reach a server that the sentinels know by another address. */
  readonly reach?: (address: NodeAddress) => NodeAddress
}

/** What one sentinel says. */
interface Answer {
  readonly primary: NodeAddress
  /** Grows with each failover; 0 where the user may not ask for it. */
  readonly epoch: number
  /** Whether this sentinel named another one before. */
  readonly changed: boolean
}

/** How it stands with listening to one sentinel. */
interface Listening {
  /** Does nothing but listen; undefined where the sentinel cannot be reached. */
  redis?: Redis
  /** Since when there is always one. */
  sinceMs: number
  /** The primary that this sentinel named last. */
  named?: string
  /** Waits for the next attempt. */
  again?: Timer
  /** In a row, as a sentinel that is gone for good is asked ever more seldom. */
  failedAttempts: number
}

/**
 * The sentinels of one primary: asked where it is, and listened to for failovers.
 *
 * A primary that was cut off from its sentinels, or stopped for some seconds, does not know that it has been deposed
 * and goes on acknowledging what will be thrown away. A client that hears of the failover leaves it at once. As what is
 * published may be lost on a connection that is cut without a sign, one sentinel after another is also asked again.
 */
export class Sentinels {
  readonly #options: SentinelsOptions
  /** By address. */
  readonly #listening = new Map<string, Listening>()
  readonly #asking = new Set<Redis>()
  #named: Answer | undefined
  /** How often it was asked whether the primary still is the one that was named. */
  #confirmations = 0
  #closed = false

  constructor(options: SentinelsOptions) {
    this.#options = options
  }

  /**
   * Asks all sentinels for the primary; the answer of the latest failover counts.
   *
   * @throws Error where none answers, or they do not know the name
   */
  async locate(): Promise<NodeAddress> {
    const { nodes, name, reach } = this.#options
    const answers: Answer[] = []
    const failures: { readonly node: NodeAddress; readonly error: Error }[] = []
    await this.#settled(
      nodes.map(async (node) => {
        try {
          const answer = await this.#ask(node)
          if (answer !== undefined) answers.push(answer)
        } catch (caught) {
          failures.push({ node, error: asError(caught) })
        }
      }),
      () => answers.length,
    )
    const [first] = answers
    if (first === undefined) {
      // A reason that somebody has to do something about, rather than that one of them is down.
      const refusal = failures.find(({ error }) => describeProblem(error).refuses)
      const failure = refusal ?? failures[0]
      if (failure === undefined) throw new Error(`the sentinels do not know "${name}"`)
      const { node, error } = failure
      const says =
        failure === refusal
          ? `the sentinel at ${formatNodeAddress(node)} says`
          : 'no sentinel answers'
      throw new Error(`${says}: ${error.message}`, { cause: error })
    }
    const latest = answers.reduce((best, one) => (one.epoch > best.epoch ? one : best), first)
    this.#named = latest
    return reach?.(latest.primary) ?? latest.primary
  }

  /**
   * Asks one sentinel, another one each time, whether there is another primary than the one that was named last; and all
   * others where that one does not answer.
   */
  async confirm(): Promise<void> {
    if (this.#named === undefined) return
    const { nodes } = this.#options
    const first = this.#confirmations++ % nodes.length
    const ask = async (node: NodeAddress) => this.#heard(await this.#ask(node))
    for (const asked of [[nodes[first]], nodes.toSpliced(first, 1)]) {
      const answers = await Promise.allSettled(asked.flatMap((node) => (node ? [ask(node)] : [])))
      if (answers.some(({ status }) => status === 'fulfilled')) return
    }
  }

  /** Ends all connections. May be called twice. */
  close(): void {
    this.#closed = true
    for (const { redis, again } of this.#listening.values()) {
      again?.cancel()
      if (redis !== undefined) end(redis)
    }
    for (const redis of this.#asking) end(redis)
    this.#listening.clear()
  }

  /** Waits for all, but not long for the last ones when a majority has answered. */
  #settled(asked: readonly Promise<void>[], answers: () => number): Promise<void> {
    return new Promise((resolve) => {
      let open = asked.length
      let last: Timer | undefined
      for (const one of asked) {
        void one.then(() => {
          open--
          if (open === 0) {
            last?.cancel()
            resolve()
          } else if (answers() > asked.length / 2) {
            last ??= this.#options.clock.after(MINORITY_MS, resolve)
          }
        })
      }
    })
  }

  /** One sentinel's answer; undefined where it does not know the name. */
  async #ask(node: NodeAddress): Promise<Answer | undefined> {
    const { create, name, clock } = this.#options
    const redis = create(node)
    this.#asking.add(redis)
    let lastError: Error | undefined
    redis.on('error', (error: Error) => {
      lastError = error
    })
    const deadline = clock.after(ANSWER_MS, () => {
      lastError ??= new Error(`${formatNodeAddress(node)} timed out`)
      end(redis)
    })
    try {
      setImmediate(() => redis.stream?.unref())
      await redis.connect()
      const [address, info] = await Promise.all([
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
        redis.call('SENTINEL', 'MASTER', name).catch(() => []),
      ])
      const [host, port] = parseTexts(address ?? [])
      if (this.#closed) end(redis)
      else this.#listen(node, redis)
      if (host === undefined || port === undefined) return undefined
      const primary = nodeAddress(host, port)
      if (primary === undefined) {
        throw new Error('Protocol error: what a sentinel names is not an address')
      }
      const listening = this.#listeningTo(node)
      const { named } = listening
      listening.named = formatNodeAddress(primary)
      const changed = named !== undefined && named !== listening.named
      return { primary, epoch: epochOf(info), changed }
    } catch (caught) {
      end(redis)
      this.#listenSoon(node)
      throw lastError ?? caught
    } finally {
      deadline.cancel()
      this.#asking.delete(redis)
    }
  }

  /** Keeps a connection for listening. One that there was before is older, and perhaps dead without a sign. */
  #listen(node: NodeAddress, redis: Redis): void {
    const { clock, name: ours, onSwitch } = this.#options
    const listening = this.#listeningTo(node)
    const { redis: before } = listening
    if (before === undefined) listening.sinceMs = clock.monotonicMs()
    listening.redis = redis
    listening.again?.cancel()
    delete listening.again
    redis.on('message', (_channel: string, message: string) => {
      const [name, , , host = '', port] = message.split(' ')
      if (name === ours && !this.#isNamed({ host, port: Number(port) })) onSwitch()
    })
    redis.once('end', () => {
      if (listening.redis !== redis) return
      delete listening.redis
      // One that lets go again and again is no better than one that is not there.
      const lasted = clock.monotonicMs() - listening.sinceMs >= LONGEST_AGAIN_MS
      if (lasted) listening.failedAttempts = 0
      this.#listenSoon(node)
    })
    // A user who may not subscribe finds out of a failover as everybody else does.
    listenOnly(redis)
    const subscribed = redis.subscribe(CHANNEL).catch(() => undefined)
    // Not earlier: in between nobody would listen.
    if (before !== undefined) void subscribed.then(() => end(before))
  }

  /** Asks a sentinel again that is not listened to; only that one, as the others would tell by themselves. */
  #listenSoon(node: NodeAddress): void {
    const listening = this.#listeningTo(node)
    const { redis, again, failedAttempts } = listening
    if (this.#closed || redis !== undefined || again !== undefined) return
    const longestMs = Math.min(LONGEST_AGAIN_MS, FIRST_AGAIN_MS * 2 ** failedAttempts)
    // Jitter, so that a fleet does not return at once.
    const delayMs = longestMs * (0.5 + Math.random() / 2)
    listening.again = this.#options.clock.after(delayMs, () => {
      delete listening.again
      listening.failedAttempts++
      this.#ask(node).then(
        (answer) => this.#heard(answer),
        () => undefined,
      )
    })
  }

  /**
   * What a sentinel says that was asked again: perhaps of a failover that was not heard of. Sentinels may know one server
   * by different names, which alone is no failover.
   */
  #heard(answer: Answer | undefined): void {
    if (this.#closed || answer === undefined || this.#named === undefined) return
    const { primary, epoch, changed } = answer
    const isLater = epoch > this.#named.epoch || (changed && epoch === this.#named.epoch)
    if (isLater && !this.#isNamed(primary)) this.#options.onSwitch()
  }

  #isNamed(address: NodeAddress): boolean {
    const named = this.#named?.primary
    return named !== undefined && formatNodeAddress(named) === formatNodeAddress(address)
  }

  #listeningTo(node: NodeAddress): Listening {
    const address = formatNodeAddress(node)
    const known = this.#listening.get(address)
    if (known !== undefined) return known
    const listening: Listening = { sinceMs: 0, failedAttempts: 0 }
    this.#listening.set(address, listening)
    return listening
  }
}

/** Rejects where a server is not the primary. A user who may not ask is sent on, as a replica refuses writes anyway. */
export async function requirePrimary(redis: Redis): Promise<void> {
  const reply = await redis.call('ROLE').catch((caught: unknown) => {
    const error = asError(caught)
    if (describeProblem(error).kind === 'no permission') return ['master']
    throw error
  })
  const role: unknown = Array.isArray(reply) ? reply[0] : undefined
  if (role !== 'master') throw new Error(`the server is not the primary: ${String(role)}`)
}

/** The number of the failover that an answer goes by; the reply has names and values in turn. */
function epochOf(info: unknown): number {
  const texts = Array.isArray(info) ? info : []
  return Number(texts[texts.indexOf('config-epoch') + 1] ?? 0) || 0
}

function end(redis: Redis): void {
  redis.disconnect()
  redis.stream?.destroy()
}
