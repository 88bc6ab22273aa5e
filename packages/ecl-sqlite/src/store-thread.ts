import { Worker } from 'node:worker_threads'
import { inRootContext } from 'ecl-core'
import { findDriver } from './driver.ts'
import type {
  Declaration,
  Failure,
  FromThread,
  Replies,
  Request,
  ThreadData,
  ToThread,
} from './thread/messages.ts'
import { threadText } from './thread-text.generated.ts'

interface Waiting {
  /** Takes what was replied to a request, which its operation tells the type of. */
  resolve(reply: Replies[keyof Replies]): void
  reject(error: Error): void
}

/** A request that the thread could not do. */
export class ThreadFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/**
 * A thread that works on the file, started when it is first needed, and started anew after it has crashed. It does not
 * keep the process alive.
 */
export class StoreThread {
  readonly #data: Omit<ThreadData, 'driver'>
  readonly #waiting = new Map<number, Waiting>()
  /** The declared events that the thread has of each group. */
  readonly #declared = new Map<string, readonly string[]>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(data: Omit<ThreadData, 'driver'>) {
    this.#data = data
  }

  /** Whether it has been started. */
  get started(): boolean {
    return this.#worker !== undefined
  }

  /**
   * Has something done.
   *
   * @param request what
   * @param declaration the declared events of the request's group, where it needs them
   * @throws StoreError where there is no SQLite on this machine; ThreadFailure
   */
  ask<R extends Request>(request: R, declaration?: Declaration): Promise<Replies[R['op']]> {
    this.#worker ??= inRootContext(() => this.#start())
    const worker = this.#worker
    const send = (message: ToThread) => worker.postMessage(message)
    return new Promise<Replies[R['op']]>((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, {
        // What is replied to an operation has its type; there is one place that replies, counter-thread.ts.
        resolve: (reply) => resolve(reply as Replies[R['op']]),
        reject,
      })
      if (declaration !== undefined && this.#isNews(declaration)) send(declaration)
      send({ ...request, id })
    })
  }

  /** By what they say and not by identity: a caller may make its groups anew for each call. */
  #isNews({ group, events }: Declaration): boolean {
    const known = this.#declared.get(group)
    this.#declared.set(group, events)
    if (known === events) return false
    return known?.length !== events.length || events.some((event, index) => event !== known[index])
  }

  /** Ends it; what waits for it is rejected. */
  async end(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#rejectAll(new Error('the thread was ended'))
    await worker?.terminate()
  }

  #start(): Worker {
    const workerData: ThreadData = { ...this.#data, driver: findDriver() }
    this.#declared.clear()
    const worker = new Worker(threadText, {
      eval: true,
      name: 'ecl-sqlite',
      workerData,
      // Flags and settings of the program (loaders, inspectors) are not meant for it.
      execArgv: [],
      env: {},
    })
    worker.on('message', (message: FromThread) => this.#take(message))
    worker.on('error', (error) => this.#lost(worker, error))
    worker.on('exit', () => this.#lost(worker, new Error('the thread has ended')))
    // Last: a listener for messages holds the process.
    worker.unref()
    return worker
  }

  #take(message: FromThread): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('failure' in message) waiting?.reject(new ThreadFailure(message.failure))
    else waiting?.resolve(message.reply)
  }

  #lost(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#rejectAll(error)
  }

  #rejectAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
