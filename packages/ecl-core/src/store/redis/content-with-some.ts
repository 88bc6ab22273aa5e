import { asError } from '../../errors.ts'

/**
 * Waits for all, and is content with some: one node of a cluster that does not answer keeps nobody from what is on the
 * others.
 *
 * @returns what was found, in its order
 * @throws Error, the first one, where all have failed
 */
export async function contentWithSome<T>(some: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(some)
  const [failure] = outcomes.filter((one) => one.status === 'rejected')
  if (failure !== undefined && outcomes.every((one) => one.status === 'rejected')) {
    throw asError(failure.reason)
  }
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}
