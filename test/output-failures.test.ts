/** What becomes of a command whose output cannot be written, or is not read. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url))
/** Every command line that prints something; `ecl.yml` is the config. */
const COMMAND_LINES = [
  'ecl-log-event --help',
  'ecl-log-event --version',
  'ecl-master --help',
  'ecl-master --version',
  'ecl-master ecl.yml --check',
  'ecl-reader --help',
  'ecl-reader --version',
  'ecl-reader --completion bash',
  'ecl-reader ecl.yml --list groups',
  'ecl-reader ecl.yml -g web',
  'ecl-reader ecl.yml -g web --format table',
  'ecl-reader ecl.yml --all --format prometheus',
  'ecl-reader ecl.yml -g web --json',
  'ecl-reader ecl.yml --audit',
  'ecl-reader ecl.yml -g web -w 10 -c 20',
  'ecl-reader ecl.yml --format munin config',
  'ecl-reader ecl.yml --format munin autoconf',
  'ecl-reader ecl.yml --format munin suggest',
  'ecl-history --help',
  'ecl-history --version',
  'ecl-history ecl.yml status',
  'ecl-history ecl.yml archive --status',
  'ecl-history ecl.yml migrate',
  'ecl-history ecl.yml prune',
  'ecl-history ecl.yml verify',
  'ecl-history ecl.yml gaps --from 2026-01-01 --to 2026-01-02',
  'ecl-history ecl.yml export',
  'ecl-history ecl.yml import history.ndjson',
  'ecl-history ecl.yml dead replay',
  'ecl-history ecl.yml -g web --from 2026-01-01 --to 2026-01-02',
  'ecl-history ecl.yml -g web --from 2026-01-01 --to 2026-01-02 --format json',
] as const

let folder: string

/** Runs a line of a shell, in which a command is called by its name. */
function shell(line: string): Promise<{ code: number; stderr: string }> {
  const command = line.replace(/^\S+/, (name) => {
    return `'${process.execPath}' '${join(PACKAGES, name, 'bin', `${name}.cjs`)}'`
  })
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], { cwd: folder }, (error, _stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stderr })
      else reject(error ?? new Error('no exit code'))
    })
  })
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ecl-output-'))
  writeFileSync(
    join(folder, 'ecl.yml'),
    `store: sqlite:counts.db
groups: {web: {events: [hit], intervals: [5m]}}
history: {store: sqlite:history.db}
`,
  )
  const [start, end] = [1_767_225_600, 1_767_225_900]
  const known = { completeness: 'partial', late: 0, total: 1, counts: { hit: 1 } }
  const window = { group: 'web', interval: '5m', start, end, publishedMs: 1, revision: 1, ...known }
  const line = JSON.stringify({ ...window, part: 1, parts: 1 })
  writeFileSync(join(folder, 'history.ndjson'), `${line}\n`)
  const setUps = [
    'ecl-master ecl.yml --once',
    'ecl-history ecl.yml migrate',
    'ecl-history ecl.yml import history.ndjson',
  ]
  for (const setUp of setUps) {
    expect(await shell(setUp)).toMatchObject({ code: 0 })
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a command whose output', () => {
  it.each(COMMAND_LINES)(
    'cannot be written says so, and does not exit with 0: %s',
    async (line) => {
      const { code, stderr } = await shell(`${line} > /dev/full`)
      expect(stderr).toMatch(/^ecl\S*: stdout cannot be written: ENOSPC/m)
      expect(stderr.match(/stdout cannot be written/g)).toHaveLength(1)
      expect(code).not.toBe(0)
    },
  )

  it.each([
    ['ecl-master ecl.yml --check', 0],
    ['ecl-reader ecl.yml -g web', 0],
    ['ecl-history ecl.yml export', 0],
    ['ecl-history ecl.yml status', 0],
    ['ecl-history ecl.yml gaps --from 2026-01-01 --to 2026-01-02', 4],
  ])('is not read any more says nothing about that: %s', async (line, code) => {
    const [name = '', ...args] = line.split(' ')
    const bin = join(PACKAGES, name, 'bin', `${name}.cjs`)
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder })
    // Before the command has begun.
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk)
    })
    const [ended] = await once(child, 'close')
    expect({ ended, stderr }).toEqual({
      ended: code,
      stderr: expect.not.stringContaining('stdout'),
    })
  })

  it('is tried of every command that there is', () => {
    const bins = readdirSync(PACKAGES).flatMap((name) => {
      const manifest: unknown = JSON.parse(
        readFileSync(join(PACKAGES, name, 'package.json'), 'utf8'),
      )
      const { bin = {} } = manifest as { bin?: Readonly<Record<string, string>> }
      return Object.keys(bin)
    })
    expect([...new Set(COMMAND_LINES.map((line) => line.split(' ')[0]))]).toEqual(
      expect.arrayContaining(bins),
    )
  })
})
