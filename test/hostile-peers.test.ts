import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { HostilePeer, PrivateRedis, TRICKS, until } from 'ecl-core/testing'

const inRepository = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const bin = (name: string) => inRepository(`packages/${name}/bin/${name}.cjs`)
const EVENTS = 'events: [a], intervals: [400000h]'

/** What is done with a config, and what it says where Redis cannot be reached. */
const COMMANDS: Readonly<Record<string, (config: string) => readonly string[]>> = {
  'ecl-reader': (config) => [bin('ecl-reader'), config, '-g', 'g'],
  'ecl-reader --audit': (config) => [bin('ecl-reader'), config, '--audit'],
  'ecl-log-event': (config) => [bin('ecl-log-event'), config, 'g', 'a'],
  'ecl-master --check': (config) => [bin('ecl-master'), '--check', config],
}
const DAEMONS: Readonly<Record<string, (config: string) => readonly string[]>> = {
  'ecl-master': (config) => [bin('ecl-master'), config],
  'ecl-history archive': (config) => [bin('ecl-history'), config, 'archive'],
  'a service': (config) => [inRepository('test/programs/logger.mjs'), config, 'g'],
}
const DEADLY = [
  'pushes as in RESP3',
  'sends nulls that nobody asked for',
  'sends a line without an end',
  'resets',
] as const

describe.each(DEADLY)('a server that %s', (trick) => {
  let folder: string
  let redis: PrivateRedis
  let peer: HostilePeer
  let config: string
  let children: ChildProcess[]

  beforeEach(async () => {
    children = []
    folder = await mkdtemp(join(tmpdir(), 'ecl-hostile-'))
    redis = await PrivateRedis.start()
    await redis.client.acl('SETUSER', 'u', 'on', '>secret', '~*', '&*', '+@all')
    peer = await HostilePeer.start({
      target: { path: redis.socket },
      at: /\r\nauth\r\n/i,
      trick: TRICKS[trick] ?? (() => undefined),
    })
    config = join(folder, 'ecl.yml')
    const lines = [
      `redis: { host: 127.0.0.1, port: ${peer.port}, username: u, password: secret }`,
      `groups: { g: { ${EVENTS} } }`,
      `history: { store: "sqlite:${join(folder, 'history.db')}" }`,
      '',
    ]
    writeFileSync(config, lines.join('\n'))
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await peer.close()
    await redis.close()
    rmSync(folder, { recursive: true })
  })

  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        output += text.toString()
      })
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return { child, ended, output: () => output }
  }

  it('ends no command but by its own word', async () => {
    const running = Object.values(COMMANDS).map((args) => start(args(config)))
    for (const { ended, output } of running) {
      expect(await ended).toBeGreaterThan(0)
      expect(output()).toContain(`Redis at 127.0.0.1:${peer.port}: `)
      expect(output()).not.toMatch(/^ +at /m)
    }
  })

  it('ends no daemon, which goes on when the server is good again', async () => {
    const running = Object.values(DAEMONS).map((args) => start(args(config)))
    const service = running.at(-1)
    const logged = new Promise((resolve) => service?.child.once('message', resolve))
    service?.child.send('a')
    await until(() => peer.tricks >= 3 * running.length)
    peer.repent()
    await logged
    await until(async () => Number(await redis.client.get('g:400000h:cur:a')) === 1)
    for (const { child, ended } of running) {
      expect([child.exitCode, child.signalCode]).toEqual([null, null])
      child.kill('SIGTERM')
      await ended
    }
  })
})
