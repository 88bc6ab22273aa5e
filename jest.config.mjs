import { readdirSync, readFileSync } from 'node:fs'
import os from 'node:os'

/**
 * Tests run the source, not what was built from it: `ecl-core/testing` → packages/ecl-core/src/testing/index.ts.
 * The commands' end-to-end tests start the built bins.
 */
function sourceOfEachExport() {
  /** @type {Record<string, string>} */
  const sources = {}
  const packagesDir = new URL('packages/', import.meta.url)
  for (const dir of readdirSync(packagesDir)) {
    const { name, exports } = JSON.parse(
      readFileSync(new URL(`${dir}/package.json`, packagesDir), 'utf8'),
    )
    for (const [subpath, { default: target }] of Object.entries(exports ?? {})) {
      const source = /^\.\/dist\/(.+)\.js$/.exec(target ?? '')?.[1]
      if (source === undefined) continue
      sources[`^${name}${subpath.slice(1)}$`] = `<rootDir>/packages/${dir}/src/${source}.ts`
    }
  }
  return sources
}

/** Of `npm run test:full`; `npm test` leaves out what needs more than a Redis. */
const full = process.env['ECL_TEST_FULL'] === '1'

/** @type {import('jest').Config} */
export default {
  testMatch: full
    ? ['<rootDir>/{packages/*/,benchmarks/,}test/full/**/*.test.ts']
    : [
        '<rootDir>/packages/*/{src,test}/**/*.test.ts',
        '<rootDir>/{test,examples,benchmarks/src}/**/*.test.ts',
      ],
  testPathIgnorePatterns: full ? ['/node_modules/'] : ['/node_modules/', '/test/full/'],
  modulePathIgnorePatterns: ['<rootDir>/(packages/[^/]+|benchmarks)/dist/'],
  testEnvironment: '<rootDir>/scripts/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: sourceOfEachExport(),
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 20_000,
  // Most tests wait for a Redis rather than for the processor; a private one for each of many workers would not help.
  maxWorkers: Math.min(os.availableParallelism() + 1, 8),
  // Having a limit at all keeps jest from running tests in its own process, whose timers would look like the tests'.
  workerIdleMemoryLimit: '512MB',
  reporters: ['default', '<rootDir>/scripts/jest-totals.mjs'],
}
