/** Who keeps pace with others. */
export interface Companion {
  /** Another one of this process goes to the store now; whoever would soon go by itself may go along. */
  goAlong(): void
}

/**
 * What the groups of one process have in common, so that they go to the store together: one wake-up and one write, and
 * not as many as there are groups.
 */
export class Pace {
  /**
   * In [0, 1): how much of the time over which a fleet spreads after a boundary this process lets pass. Drawn once, since
   * it is processes that have to be spread, and not the groups of each.
   */
  readonly herdShare: number
  readonly #companions = new Set<Companion>()

  /** @param random in [0, 1) */
  constructor(random: () => number) {
    this.herdShare = random()
  }

  /** From now on this one is told when others go. */
  join(companion: Companion): void {
    this.#companions.add(companion)
  }

  /** It is told no more. */
  leave(companion: Companion): void {
    this.#companions.delete(companion)
  }

  /** One of them goes to the store: tells the others. */
  going(companion: Companion): void {
    for (const other of this.#companions) if (other !== companion) other.goAlong()
  }
}
