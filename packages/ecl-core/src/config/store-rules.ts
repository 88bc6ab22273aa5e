import { storeProblem } from '../store/sqlite-backend.ts'
import type { Findings } from './problem.ts'

/**
 * The rules on the store that a JSON Schema cannot say. What does not have its shape is left to the schema.
 *
 * @param store the `store:` of a config
 * @param redis its `redis:`; one of the two says where the counts are
 */
export function checkStore(store: unknown, redis: unknown, findings: Findings): void {
  if (store === undefined) return
  if (redis !== undefined) {
    const message = 'stands beside redis; counts are kept in one place, so remove one of the two'
    findings.fault(['store'], message)
    return
  }
  if (typeof store !== 'string' || store === '') return
  const problem = storeProblem(store)
  if (problem !== undefined) findings.fault(['store'], problem)
}
