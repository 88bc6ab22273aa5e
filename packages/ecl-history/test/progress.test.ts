import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ndjsonLine } from '../src/transfer/ndjson.ts'
import { run, runInShell, runInTerminal } from './history-process.ts'
import { closed } from './history-windows.ts'

const WINDOWS = 2000
const barOf = (what: string) => new RegExp(`${what} [█░]+ \\d+% \\| .* left`)

describe('how far a long work is', () => {
  let folder: string
  let config: string
  let file: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ecl-progress-'))
    config = join(folder, 'ecl.yml')
    file = join(folder, 'windows.ndjson')
    const history = `{store: 'sqlite:${folder}/history.db', keep: {5s: 4000d}}`
    writeFileSync(
      config,
      `store: sqlite:${folder}/counts.db\nhistory: ${history}\ngroups:\n  g: {events: [hit], intervals: [5s]}\n`,
    )
    const lines = Array.from({ length: WINDOWS }, (_, n) => ndjsonLine(closed(5 * n, { hit: n })))
    writeFileSync(file, lines.join(''))
    await run(config, 'migrate')
    await run(config, 'import', file)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is shown on a terminal, and gone when it is done', async () => {
    const shown = await runInTerminal(100, 'LC_ALL=C.UTF-8', config, 'import', file)
    expect(shown).toMatch(barOf('import'))
    expect(shown).toMatch(/windows taken in: 2000\r\n$/)
  })

  it('is shown beside an export that goes into a file, not in it', async () => {
    const exported = join(folder, 'exported.ndjson')
    const { stdout } = await runInShell(
      `script -qec "$history '${config}' export > '${exported}'" /dev/null`,
    )
    expect(stdout).toMatch(barOf('export'))
    expect(readFileSync(exported, 'utf8').split('\n')).toHaveLength(WINDOWS + 1)
  })

  it('is told nobody where there is no terminal', async () => {
    expect(await run(config, 'import', file)).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: 'windows taken in: 2000\n',
    })
  })
})
