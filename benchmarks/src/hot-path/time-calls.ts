import type { CellContext } from '../cell-context.ts'
import { median } from '../statistics.ts'

/** A prime, so that no two arrays of names are walked in the same steps. */
const SEED = 7919
/** Long enough for a look at the clock to be nothing, short enough for many blocks. */
const BLOCK_MS = 4

/** Names as programs have them: short, with a common beginning. */
export function eventNames(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `event ${n}`)
}

/** The names at random, each about as often as the others; the same order each time. */
export function shuffledCalls(names: readonly string[], atLeast = 1 << 16): string[] {
  let state = SEED
  const calls = Array.from({ length: Math.max(atLeast, names.length * 4) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return names[state % names.length] ?? ''
  })
  // Each name once at least, so that warming up makes all there is to make.
  for (const [index, name] of names.entries()) calls[index * 3] = name
  return calls
}

/**
 * How long one call takes, ns, with what the loop costs: the median of some hundred blocks.
 *
 * @param call what is measured; the only one in its process, so that it is compiled into the loop
 * @param pause awaited between blocks, for those whose work goes on behind the call; its time counts
 */
export async function timeCalls(
  context: CellContext,
  call: (event: string) => void,
  calls: readonly string[],
  pause?: () => Promise<void>,
): Promise<number> {
  let at = 0
  const block = (length: number) => {
    let next = at
    for (let n = 0; n < length; n++) {
      call(calls[next] ?? '')
      if (++next === calls.length) next = 0
    }
    at = next
  }
  // All names once, and then until the compiler has seen enough.
  block(calls.length)
  let length = 1000
  const warmUntilMs = performance.now() + context.pick(250, 100)
  while (performance.now() < warmUntilMs) {
    const startedMs = performance.now()
    block(length)
    await pause?.()
    if (performance.now() - startedMs < BLOCK_MS / 2) length *= 2
  }
  const found: number[] = []
  const untilMs = performance.now() + context.pick(400, 150)
  while (performance.now() < untilMs) {
    const startedMs = performance.now()
    block(length)
    await pause?.()
    found.push(((performance.now() - startedMs) * 1e6) / length)
  }
  return median(found)
}
