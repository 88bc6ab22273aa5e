import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { PrivateRedis } from 'ecl-core/testing'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COMMANDS = ['ecl-master', 'ecl-reader', 'ecl-log-event']
const PACKAGES = ['ecl-core', 'ecl-sqlite', ...COMMANDS]
/** The registry is asked for two dependencies with theirs. */
const INSTALL_MS = 60_000

const run = promisify(execFile)

let project: string
let redis: PrivateRedis

/** The version of pnpm that the repository is made with. */
function pnpm(): string {
  const { packageManager }: { packageManager: string } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  )
  return packageManager
}

/** Runs a program in the user's project. */
function inProject(file: string, ...args: string[]) {
  return run(file, args, { cwd: project })
}

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'ecl-packed-'))
  redis = await PrivateRedis.start()
  const filters = PACKAGES.flatMap((name) => ['--filter', name])
  const pack = ['exec', 'pnpm', 'pack', '--pack-destination', project]
  await run('npx', ['--yes', pnpm(), ...filters, ...pack], { cwd: ROOT })
  writeFileSync(join(project, 'package.json'), '{"private": true}')
  const tarballs = readdirSync(project)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => `./${name}`)
  expect(tarballs).toHaveLength(PACKAGES.length)
  const quick = ['--no-audit', '--no-fund', '--prefer-offline']
  await inProject('npm', 'install', ...quick, ...tarballs)
}, INSTALL_MS)

afterAll(async () => {
  await redis.close()
  rmSync(project, { recursive: true })
})

describe('the packages, packed and installed in a project,', () => {
  it('bring nothing but the library and what it stands on', () => {
    const installed = readdirSync(join(project, 'node_modules'))
    expect(installed).toEqual(expect.arrayContaining([...PACKAGES, 'ioredis', 'yaml']))
    // The commands carry what they need in one file.
    for (const bundled of ['commander', 'pino', 'ajv']) expect(installed).not.toContain(bundled)
  })

  it.each(COMMANDS)('have the command %s', async (command) => {
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(project, 'node_modules', command, 'package.json'), 'utf8'),
    )
    // npm may have something to say on stderr.
    const { stdout } = await inProject('npx', '--no', '--', command, '--version')
    expect(stdout).toBe(`${version}\n`)
  })

  it('count an event of a program without TypeScript, rotate it and print it', async () => {
    writeFileSync(
      join(project, 'ecl.yml'),
      `redis: {path: ${redis.socket}}\ngroups: {g: {events: [a], intervals: [1h]}}\n`,
    )
    writeFileSync(
      join(project, 'count.mjs'),
      `import { EventCountLogger, loadConfig } from 'ecl-core'
       import { Master } from 'ecl-master'
       const { groups, backend } = await loadConfig('ecl.yml')
       await new Master(groups, backend).runOnce()
       const ecl = new EventCountLogger(groups, backend)
       ecl.getGroup('g').log('a', 41)
       await ecl.close()`,
    )
    await inProject(process.execPath, 'count.mjs')
    const bin = (name: string) => join(project, 'node_modules', '.bin', name)
    await inProject(bin('ecl-log-event'), 'ecl.yml', 'g', 'a')
    const printed = await inProject(bin('ecl-reader'), 'ecl.yml', '-g', 'g', '--current')
    expect(printed.stdout).toBe('a:42\n')
    await redis.client.decrby('g:1h:cur:@ts', 3600)
    await redis.client.decrby('g:1h:cur:@by', 3600)
    await inProject(bin('ecl-master'), '--once', 'ecl.yml')
    const last = await inProject(bin('ecl-reader'), 'ecl.yml', '-g', 'g')
    expect(last.stdout).toBe('a:42\n')
  })

  it('count in a file, without a server, and say what is missing for it', async () => {
    writeFileSync(
      join(project, 'file.yml'),
      'store: sqlite:counts.db\ngroups: {g: {events: [a], intervals: [1h]}}\n',
    )
    writeFileSync(
      join(project, 'file.mjs'),
      `import { EventCountLogger, loadConfig } from 'ecl-core'
       const { groups, backend } = await loadConfig('file.yml')
       const group = new EventCountLogger(groups, backend).getGroup('g')
       group.log('a', 41)
       await group.flush({ timeoutMs: 3000 })
       console.log(await group.getCounts('1h', { current: true }))`,
    )
    const bin = (name: string) => join(project, 'node_modules', '.bin', name)
    expect((await inProject(process.execPath, 'file.mjs')).stdout).toBe('{ a: 41 }\n')
    await inProject(bin('ecl-log-event'), 'file.yml', 'g', 'a')
    const printed = await inProject(bin('ecl-reader'), 'file.yml', '-g', 'g', '--current')
    expect(printed).toEqual({ stdout: 'a:42\n', stderr: '' })
    const packages = join(project, 'node_modules')
    renameSync(join(packages, 'ecl-sqlite'), join(packages, 'not-ecl-sqlite'))
    await expect(inProject(process.execPath, 'file.mjs')).rejects.toMatchObject({
      stderr: expect.stringContaining(
        'the package ecl-sqlite is not installed; run "npm install ecl-sqlite"',
      ),
    })
    renameSync(join(packages, 'not-ecl-sqlite'), join(packages, 'ecl-sqlite'))
    if (isBuiltin('node:sqlite')) return
    rmSync(join(packages, '@photostructure/sqlite'), { recursive: true })
    await expect(inProject(process.execPath, 'file.mjs')).rejects.toMatchObject({
      stderr: expect.stringContaining('"npm install @photostructure/sqlite@1"'),
    })
  })
})
