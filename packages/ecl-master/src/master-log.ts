import {
  type Adopted,
  asError,
  type Clock,
  type Logger,
  type Published,
  type Rotated,
  StoreError,
  TroubleLog,
  type WindowRef,
} from 'ecl-core'

/** Moving so many events blocks the server for some tens of milliseconds. */
const MANY_EVENTS = 20_000

/** A window as a line of the log names it. */
type Named = Readonly<Record<string, unknown>> & { readonly start: number }

/** What a master says of its windows, for people: what lasts is said once. */
export class MasterLog {
  readonly #logger: Logger
  readonly #warned = new Set<string>()
  /** Groups and intervals whose windows cannot be published, until one can. */
  readonly #refusals = new Set<string>()
  /** Failures that have been said, until a look succeeds. */
  readonly #troubles: TroubleLog

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#troubles = new TroubleLog({ logger, clock })
  }

  /** There was no current window. */
  begun(ref: WindowRef): void {
    this.#logger.info(windowOf(ref), `${nameOf(ref)}: the first window has begun`)
  }

  /** The current window began in the future. */
  reset(ref: WindowRef, { was, current }: Extract<Rotated, { status: 'reset' }>): void {
    this.#logger.error(
      { ...windowOf(ref), was, current },
      `${nameOf(ref)}: the current window began at ${time(was)}, in the future; a clock was wrong. It has been set back to ${time(current)}`,
    )
  }

  /**
   * A window was turned over; says what is doubtful of it.
   *
   * @param lagMs how long after the boundary
   */
  turned(ref: WindowRef, rotated: Extract<Rotated, { status: 'rotated' }>, lagMs: number): void {
    const { start, end, current, events } = rotated
    const window = { ...windowOf(ref), start, end }
    const name = nameOf(ref)
    this.#logger.debug({ ...window, events, lagMs }, `${name}: turned over ${time(start)}`)
    if (current > end) {
      const missed = (current - end) / ref.interval.seconds
      this.#logger.warn(
        { ...window, missed },
        `${name}: no master ran for ${missed} ${missed === 1 ? 'window' : 'windows'}; what was counted meanwhile is in the window of ${time(start)}`,
      )
    }
  }

  /** A store moved so many events one by one. */
  moved(ref: WindowRef, events: number): void {
    if (events <= MANY_EVENTS) return
    const name = nameOf(ref)
    this.warnOnce(
      `many ${name}`,
      `${name}: ${events} events are moved at each boundary, which blocks Redis for tens of milliseconds; set "layout: hash" where no Python program shares the group, bound them with max_events, or split it`,
    )
  }

  /** A window has been put into the queue of its interval; says what had to be dropped from there. */
  published(ref: WindowRef, published: Extract<Published, { status: 'published' }>): void {
    const { start, revision, parts, completeness, dropped } = published
    const window = { ...windowOf(ref), start, revision, parts, completeness }
    const name = nameOf(ref)
    this.#refusals.delete(name)
    this.#logger.debug(window, `${name}: published ${time(start)}`)
    if (dropped === 0) return
    this.#logger.error(
      { ...windowOf(ref), dropped },
      `${name}: ${dropped} ${dropped === 1 ? 'entry has' : 'entries have'} been dropped that nobody had archived; start ecl-history, or raise history.keep_unarchived`,
    )
  }

  /** A window is overwritten that could not be published. */
  notPublished(ref: WindowRef, { message }: StoreError): void {
    const name = nameOf(ref)
    const why = `its last window could not be published and is not in the history: ${message}`
    if (this.#refusals.has(name)) return
    this.#refusals.add(name)
    this.#logger.error(windowOf(ref), `${name}: ${why}`)
  }

  /** A window has settled; says who has not sent everything, where that is so. */
  settled(ref: WindowRef, window: Named, status: string, missing: readonly string[]): void {
    if (missing.length === 0) return
    this.#logger.info(
      { ...window, completeness: status, missing },
      `${nameOf(ref)}: the window of ${time(window.start)} is ${status}: ${missing.length} ${missing.length === 1 ? 'logger has' : 'loggers have'} not sent everything`,
    )
  }

  /** The store was away for so long that the window is there no more. */
  gone(ref: WindowRef, window: Named): void {
    this.#logger.warn(
      window,
      `${nameOf(ref)}: the window of ${time(window.start)} is gone before its counts could be told`,
    )
  }

  /** Another program, which does not know of us, has turned the window over. */
  foreignMaster(ref: WindowRef): void {
    const name = nameOf(ref)
    this.warnOnce(
      `foreign ${name}`,
      `${name}: another program turned the window over last, such as the Python ecl_master; if it still runs, stop it, since it wipes windows that are turned over already`,
    )
  }

  /** Programs that do not know of the index may count events of groups that are about to be turned over. */
  adopted(due: readonly WindowRef[], { groups, isPartial }: Adopted): void {
    for (const group of groups) {
      this.warnOnce(
        `python ${group}`,
        `group "${group}": programs that leave no index, such as Python services, count events in it; masters and readers look for them by SCAN from now on`,
      )
    }
    if (!isPartial) return
    for (const name of new Set(due.map(({ group }) => group.name))) {
      this.warnOnce(
        `partial ${name}`,
        `group "${name}": looking at all keys of the database takes longer than a rotation may wait; events of Python services may come a window late; set python_writers to false where there are none, or give the counts a database of their own`,
      )
    }
  }

  /** Warns of what will not pass by itself. */
  warnOnce(key: string, message: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#logger.warn({}, message)
  }

  /** A listener threw, or rejected. */
  listenerFailed(caught: unknown): void {
    this.#logger.error({ err: caught }, `a listener failed: ${asError(caught).message}`)
  }

  /** A look failed, or a part of it. */
  failed(caught: unknown): void {
    const { message } = asError(caught)
    // The store's troubles are reported where they happen, once each.
    if (caught instanceof StoreError) return
    const said = `rotation failed, and is tried again: ${message}`
    this.#troubles.failed({ work: '', kind: message, message: said, err: caught, level: 'error' })
  }

  /** Of a group that cannot be looked at while others can, only the error tells. */
  notSeen(failure: Error): void {
    const message = `windows are not turned over while this lasts: ${failure.message}`
    this.#troubles.failed({ work: '', kind: failure.message, message, err: failure })
  }

  /** A look has succeeded: what fails from now on is said again. */
  succeeded(): void {
    this.#troubles.succeeded('')
  }
}

function windowOf({ group, interval }: WindowRef) {
  return { group: group.name, interval: interval.spec }
}

function nameOf({ group, interval }: WindowRef): string {
  return `group "${group.name}", ${interval.spec}`
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
