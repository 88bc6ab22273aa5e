import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { until } from 'ecl-core/testing'

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url))

/** Counts once, tells it when that is stored, and ends when its stdin does. */
const PROGRAM = `
  import fs from 'node:fs'
  import { EventCountLogger } from 'ecl-core'
  const files = []
  try {
    while (process.argv[2] === 'without files') files.push(fs.openSync('/dev/null'))
  } catch {}
  const groups = { g: { events: ['a'], intervals: ['400000h'] } }
  const messages = []
  const say = (_fields, message) => messages.push(message)
  const logger = { debug() {}, info: say, warn: say, error: say }
  const ecl = new EventCountLogger(groups, 'sqlite:' + process.argv[3], { logger })
  setTimeout(async () => {
    console.log(JSON.stringify(messages))
    ecl.getGroup('g').log('a', 3)
    for (const file of files) fs.closeSync(file)
    const { unsentEvents } = await ecl.getGroup('g').flush()
    console.log(JSON.stringify({ unsentEvents, ...await ecl.getGroup('g').getCounts('400000h', { current: true }) }))
    await ecl.close()
  }, 300)
`

let project: string
let running: ChildProcess | undefined

/** Puts one of our packages there at once, as an installation does. */
function install(name: string): void {
  const from = join(PACKAGES, name)
  const draft = join(project, `.${name}`)
  cpSync(join(from, 'dist'), join(draft, 'dist'), { recursive: true })
  cpSync(join(from, 'package.json'), join(draft, 'package.json'))
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  renameSync(draft, join(project, 'node_modules', name))
}

function link(name: string, owner: string): void {
  const to = join(project, 'node_modules', name)
  mkdirSync(join(to, '..'), { recursive: true })
  symlinkSync(join(PACKAGES, owner, 'node_modules', name), to)
}

/** Starts the program with few files to open. @returns what it has said so far, line by line */
function start(how: string): string[] {
  const lines: string[] = []
  const limited = `ulimit -n 64; exec ${process.execPath} program.mjs "$1" "$2"`
  const child = spawn('sh', ['-c', limited, 'sh', how, join(project, 'c.db')], { cwd: project })
  running = child
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => lines.push(...text.trimEnd().split('\n')))
  }
  return lines
}

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'ecl-missing-'))
  install('ecl-core')
  for (const name of ['ioredis', 'yaml']) link(name, 'ecl-core')
  link('@photostructure/sqlite', 'ecl-sqlite')
  writeFileSync(join(project, 'program.mjs'), PROGRAM)
})
afterEach(async () => {
  if (running?.exitCode === null) {
    const ended = new Promise((resolve) => running?.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  rmSync(project, { recursive: true })
})

describe('a logger with a store in a file', () => {
  it('says at once that ecl-sqlite is not installed, before anything is counted', async () => {
    const lines = start('with files')
    await until(() => lines.length > 0)
    expect(JSON.parse(lines[0] ?? '')).toEqual([
      `SQLite file ${join(project, 'c.db')}: the package ecl-sqlite is not installed; run "npm install ecl-sqlite", and start this program again`,
    ])
  })

  it('says at once that it has no files to open, and counts once it has', async () => {
    install('ecl-sqlite')
    const lines = start('without files')
    await until(() => lines.length > 1)
    expect(JSON.parse(lines[0] ?? '')).toEqual([
      expect.stringMatching(/the package ecl-sqlite cannot be loaded: EMFILE/),
    ])
    expect(JSON.parse(lines[1] ?? '')).toEqual({ unsentEvents: 0, a: 3 })
  })
})
