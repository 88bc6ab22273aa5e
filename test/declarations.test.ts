/** What users' compilers read of the packages: the declarations, by an old compiler, which looks into all of them. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { ROOT } from './markdown.ts'

const run = promisify(execFile)
const TSC = join(ROOT, 'node_modules/typescript-5.4/bin/tsc')

let folder: string

beforeAll(() => {
  // In the repository, so that packages are found as in a user's project.
  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, '.cache/declarations-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** All that can be imported from the published packages. */
function modules(): string[] {
  return readdirSync(join(ROOT, 'packages')).flatMap((dir) => {
    const text = readFileSync(join(ROOT, 'packages', dir, 'package.json'), 'utf8')
    const manifest: { name: string; private?: boolean; exports?: Record<string, unknown> } =
      JSON.parse(text)
    if (manifest.private === true) return []
    const typed = Object.entries(manifest.exports ?? {}).filter(
      ([, target]) => typeof target === 'object' && target !== null && 'types' in target,
    )
    return typed.map(([subpath]) => `${manifest.name}${subpath.slice(1)}`)
  })
}

it('compile with TypeScript 5.4, with all checks of libraries', async () => {
  const names = modules()
  expect(names).toEqual(expect.arrayContaining(['ecl-core', 'ecl-core/testing', 'ecl-sqlite']))
  const imports = names.map((name, i) => `import * as m${i} from '${name}'\nvoid m${i}\n`)
  const use = `import { EventCountLogger } from 'ecl-core'
import { Redis } from 'ioredis-5'
const ecl = new EventCountLogger({ web: { events: ['hit'], intervals: ['5m'] } }, new Redis())
ecl.getGroup('web').log('hit')
// @ts-expect-error no such event
ecl.getGroup('web').log('hti')
`
  writeFileSync(join(folder, 'use.ts'), `${imports.join('')}${use}`)
  const compilerOptions = {
    ...{ strict: true, skipLibCheck: false, noEmit: true, module: 'nodenext', target: 'es2022' },
    ...{ lib: ['es2022', 'esnext.disposable'], types: ['node'] },
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.ts'] }),
  )
  const { stdout } = await run(process.execPath, [TSC, '-p', folder]).catch(
    (failed: { stdout: string }) => failed,
  )
  expect(stdout).toBe('')
}, 120_000)
