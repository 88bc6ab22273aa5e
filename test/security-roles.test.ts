/**
 * That each list of commands in docs/security.md is sufficient and minimal: with it, all that is its role's works; without
 * any one of it, something does not.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asError, openStore, silentLogger } from 'ecl-core'
import { PrivateRedis } from 'ecl-core/testing'
import { freePorts } from '../packages/ecl-core/src/testing/free-ports.ts'
import * as tasks from './role-tasks.ts'
import { type User, usersOfThePage } from './users-of-the-page.ts'

/** A user, the tasks that its commands are for, and rules that it has by another list. */
interface Role {
  readonly title: string
  readonly user: User
  readonly tasks: readonly tasks.Task[]
  readonly besides: readonly string[]
}

const [service, master, reader, publisher, archiver, acknowledger] = usersOfThePage(3)
const MASTERS = master?.rules ?? []
const ROLES = [
  role('service', service, tasks.SERVICE),
  role('master', master, tasks.MASTER),
  role('reader', reader, tasks.READER),
  role('master with history', publisher, tasks.PUBLISHER, MASTERS),
  role('archiver', archiver, tasks.ARCHIVER),
  role('master that acknowledges', acknowledger, tasks.ACKNOWLEDGER, MASTERS),
]

function role(
  title: string,
  user: User | undefined,
  own: readonly tasks.Task[],
  besides: readonly string[] = [],
): Role {
  if (user === undefined) throw new Error(`${title}: the page has no such user`)
  return { title, user, tasks: own, besides }
}

/** Those that need what a reader needs, too. */
const READERS = ROLES.filter(({ title }) => ['service', 'master', 'archiver'].includes(title))

let redis: PrivateRedis
let node: PrivateRedis

beforeAll(async () => {
  const [port = 0] = await freePorts(1)
  redis = await PrivateRedis.start({
    args: ['--maxmemory', '1gb', '--maxmemory-policy', 'allkeys-lru'],
  })
  node = await PrivateRedis.start({ port, args: ['--cluster-enabled', 'yes'] })
})
afterAll(async () => {
  await redis.close()
  await node.close()
})

/** Does all tasks of a role, each on an empty database with the scripts. @returns what did not work, where something did not */
async function failureOf({ user, tasks: own, besides }: Role, without: readonly string[] = []) {
  const rules = [...besides, ...user.rules, ...without.map((command) => `-${command}`)]
  for (const server of [redis, node]) {
    await server.client.call('ACL', 'SETUSER', user.name, 'reset', ...rules)
  }
  const password = rules.find((rule) => rule.startsWith('>'))?.slice(1) ?? ''
  const open = ({ socket }: PrivateRedis) =>
    openStore({ path: socket, username: user.name, password }, { logger: silentLogger })
  for (const task of own) {
    await redis.client.flushall()
    await tasks.asAdmin(redis, async (admin) => admin.loadScripts?.())
    const [store, atNode] = [open(redis), open(node)]
    try {
      await task({ redis, store, atNode })
    } catch (caught) {
      return asError(caught).message
    } finally {
      await store.close()
      await atNode.close()
    }
  }
  return undefined
}

describe.each(ROLES)('the list of a $title', (of) => {
  it('is sufficient', async () => {
    expect(await failureOf(of)).toBeUndefined()
  })

  it.each(of.user.commands)('needs +%s', async (command) => {
    expect(await failureOf(of, [command])).toBeDefined()
  })
})

it.each(READERS)('a $title with the list of a reader, too, can also read', async (of) => {
  const [, , ...reading] = reader?.rules.filter((rule) => rule !== 'reset') ?? []
  const both = { ...of.user, rules: [...of.user.rules, ...reading] }
  const all = { ...of, user: both, tasks: [...of.tasks, ...tasks.READER] }
  expect(await failureOf(all)).toBeUndefined()
})

it('before Redis 7, a reader needs the other commands of its list only', async () => {
  const user = reader && { ...reader, rules: reader.rules.map((rule) => rule.replace('%R~', '~')) }
  const of = role('reader', user, tasks.READER_BEFORE_7)
  expect(await failureOf(of, ['evalsha_ro'])).toBeUndefined()
})
