/** Random numbers that are a pure function of a seed. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number
  /** One of several. */
  pick<T>(all: readonly T[]): T
  /** True so often: 0 never, 1 always. */
  chance(probability: number): boolean
}

/**
 * A generator of random numbers.
 *
 * @param seed a whole number; the same one gives the same numbers
 */
export function seededRandom(seed: number): Random {
  // mulberry32, by Tommy Ettinger: short, and good enough to choose faults by.
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(all: readonly T[]): T {
      const chosen = all[int(0, all.length - 1)]
      if (chosen === undefined) throw new RangeError('there is nothing to pick from')
      return chosen
    },
  }
}
