/**
 * The part of jest's results that counts here.
 *
 * @typedef {object} Results
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ testExecError?: unknown, numFailingTests: number }[]} testResults one for each file
 */

/** A reporter that tells scripts/test.mjs, which started jest, what came out. */
export default class Totals {
  /**
   * @param {unknown} _contexts
   * @param {Results} results
   */
  onRunComplete(_contexts, { numPassedTests, numFailedTests, testResults }) {
    // A file that failed beside its tests (an import, a leaked handle) is a failure of its own.
    const broken = testResults.filter(
      ({ testExecError, numFailingTests }) => testExecError != null && numFailingTests === 0,
    )
    process.send?.({ passed: numPassedTests, failed: numFailedTests + broken.length })
  }
}
