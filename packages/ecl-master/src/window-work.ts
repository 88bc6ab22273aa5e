import type { WindowRef } from 'ecl-core'

/**
 * What is being done with windows: one thing at a time with each, so that none waits for another one that takes long or
 * fails.
 */
export class WindowWork {
  readonly #underWay = new Map<WindowRef, Promise<void>>()
  readonly #cameTooEarly = new Set<WindowRef>()
  readonly #failing = new Set<WindowRef>()
  readonly #lookAgain: () => void

  /** @param lookAgain called when a window is free for which something came too early */
  constructor(lookAgain: () => void) {
    this.#lookAgain = lookAgain
  }

  /** Whether what was done last with some window has failed. */
  get isFailing(): boolean {
    return this.#failing.size > 0
  }

  /** Forgets failures with other windows than these: somebody else has done it, or it is not to be done any more. */
  forgetFailures(except: readonly WindowRef[]): void {
    for (const ref of this.#failing) if (!except.includes(ref)) this.#failing.delete(ref)
  }

  /** Whether nothing is being done with a window. */
  isFree(ref: WindowRef): boolean {
    return !this.#underWay.has(ref)
  }

  /**
   * Begins to do something with a window, unless something is being done with it.
   *
   * @returns what rejects where the work fails; undefined where it came too early
   */
  begin(ref: WindowRef, work: (ref: WindowRef) => Promise<void>): Promise<void> | undefined {
    if (!this.isFree(ref)) {
      this.#cameTooEarly.add(ref)
      return undefined
    }
    const done = this.#attempt(ref, work)
    this.#underWay.set(ref, done)
    return done
  }

  /** Waits until nothing is being done that has been begun so far; never rejects. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay.values())
  }

  async #attempt(ref: WindowRef, work: (ref: WindowRef) => Promise<void>): Promise<void> {
    try {
      await work(ref)
      this.#failing.delete(ref)
    } catch (caught) {
      this.#failing.add(ref)
      throw caught
    } finally {
      this.#underWay.delete(ref)
      if (this.#cameTooEarly.delete(ref)) this.#lookAgain()
    }
  }
}
