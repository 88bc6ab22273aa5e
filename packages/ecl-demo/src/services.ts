import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Children } from './children.ts'
import { DemoError } from './errors.ts'
import type { Job, ServiceMessage } from './job.ts'
import type { ServicePlan } from './scenario.ts'
import { Tally } from './tally.ts'

/** What runs in each service's process; as compiled, beside this file. */
const SERVICE_FILE = fileURLToPath(new URL('./service.js', import.meta.url))

/** The service processes, seen from the demo. */
export class Services {
  readonly tally = new Tally()
  readonly #processes: readonly { readonly plan: ServicePlan; readonly child: ChildProcess }[]
  readonly #children: Children
  readonly #logged = new Map<string, number>()
  #doneMs: number | undefined

  /** Starts a process for each plan; they wait for their jobs. */
  constructor(children: Children, plans: readonly ServicePlan[]) {
    this.#children = children
    this.#processes = plans.map((plan) => ({
      plan,
      child: children.fork(`the service "${plan.name}"`, SERVICE_FILE),
    }))
  }

  /** How many events have been logged, as far as is known. */
  get logged(): number {
    return [...this.#logged.values()].reduce((sum, n) => sum + n, 0)
  }

  /** When the last service had closed, in ms since the epoch; undefined while one is at work. */
  get doneMs(): number | undefined {
    return this.#doneMs
  }

  /**
   * Sends everyone to work, and waits until all have closed; then `tally` is complete.
   *
   * @throws DemoError when counts could not be sent
   */
  async work(times: Pick<Job, 'config' | 'startAtMs' | 'endAtMs'>): Promise<void> {
    await Promise.all(
      this.#processes.map(({ plan, child }) => {
        const done = this.#follow(plan, child)
        child.send({ ...times, sync: plan.sync, work: plan.work } satisfies Job)
        return done
      }),
    )
    this.#doneMs = Date.now()
  }

  #follow({ name }: ServicePlan, child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      child.on('message', (message: ServiceMessage) => {
        if (message.type === 'progress') {
          this.#logged.set(name, message.logged)
          return
        }
        const tally = new Tally(message.groups)
        this.#logged.set(name, tally.total)
        this.tally.merge(tally)
        this.#children.letEnd(child)
        if (message.unsentEvents === 0) resolve()
        else {
          const count = message.unsentEvents
          reject(
            new DemoError(`the service "${name}" could not send ${count} events before its end`),
          )
        }
      })
    })
  }
}
