/**
 * The part of jest's results that counts here.
 *
 * @typedef {object} Results
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {FileResult[]} testResults
 *
 * @typedef {object} FileResult
 * @property {unknown} [testExecError]
 * @property {number} numFailingTests
 * @property {{ status: string, title: string, ancestorTitles: string[] }[]} testResults
 */

/** A reporter that tells scripts/test.mjs, which started jest, what came out, and names what was skipped. */
export default class Totals {
  #isFiltered

  /** @param {{ testNamePattern?: string }} config */
  constructor({ testNamePattern }) {
    this.#isFiltered = Boolean(testNamePattern)
  }

  /**
   * @param {unknown} _contexts
   * @param {Results} results
   */
  onRunComplete(_contexts, { numPassedTests, numFailedTests, testResults }) {
    // A file that failed beside its tests (an import, a leaked handle) is a failure of its own.
    const broken = testResults.filter(
      ({ testExecError, numFailingTests }) => testExecError != null && numFailingTests === 0,
    )
    if (!this.#isFiltered) sayWhatWasSkipped(testResults)
    process.send?.({ passed: numPassedTests, failed: numFailedTests + broken.length })
  }
}

/**
 * Whoever skips a test says why in its name, or in that of what it is in.
 *
 * @param {FileResult[]} files
 */
function sayWhatWasSkipped(files) {
  const skipped = files
    .flatMap(({ testResults }) => testResults)
    .filter(({ status }) => status === 'pending')
    .map(({ title, ancestorTitles }) => ancestorTitles[0] ?? title)
  for (const name of new Set(skipped)) {
    process.stdout.write(`skipped: ${name}: ${skipped.filter((one) => one === name).length}\n`)
  }
}
