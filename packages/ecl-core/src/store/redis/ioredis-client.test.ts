import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5'
import { ConfigError } from '../../errors.ts'
import { EventCountLogger } from '../../event-count-logger.ts'
import { silentLogger } from '../../logger.ts'
import { type Backend, openStore } from '../open-store.ts'

const GROUPS = { '{g}': { events: ['a'], intervals: ['5s'] } } as const
const options = { logger: silentLogger }
const lazy = { lazyConnect: true }

/** As `createClient()` of node-redis makes it. */
class NodeRedisClient extends EventEmitter {
  readonly options = {}
  readonly isOpen = false
  duplicate() {
    return new NodeRedisClient()
  }
  connect() {}
  sendCommand() {}
}

/** As ioredis-mock makes it: the methods of ioredis, and no connection. */
class RedisMock extends EventEmitter {
  readonly options = {}
  readonly connected = true
  duplicate() {
    return new RedisMock()
  }
  disconnect() {}
}

describe('a backend', () => {
  it.each([
    ['a client of node-redis', new NodeRedisClient(), 'an object of class NodeRedisClient'],
    ['ioredis-mock', new RedisMock(), 'an object of class RedisMock'],
    ['a client that is still awaited', Promise.resolve(), 'an object of class Promise'],
    ['a list of nodes', [{ host: 'a' }], 'an object of class Array'],
    ['null', null, 'null'],
    ['a port', 6379, '6379'],
  ])('that is %s is refused at construction, with what can be given', (_name, foreign, found) => {
    // As JavaScript may have it.
    const backend = foreign as Backend
    for (const make of [
      () => new EventCountLogger(GROUPS, backend, options),
      () => openStore(backend),
    ]) {
      expect(make).toThrow(ConfigError)
      expect(make).toThrow(
        `backend: ${found} is no client of ioredis 5 or later; give one, or the options of the connection, or a URL such as redis://host:6379/0, or, in tests, a MemoryStore of ecl-core/testing`,
      )
    }
  })

  it('is a client of ioredis 5 or 6, of one server or of a cluster, as far as the compiler knows, too', async () => {
    const nodes = [{ host: 'localhost', port: 1 }]
    const clients = [
      new Redis(lazy),
      new Redis5(lazy),
      new Cluster(nodes, lazy),
      new Cluster5(nodes, lazy),
    ]
    for (const client of clients) {
      const ecl = new EventCountLogger(GROUPS, client, options)
      expect(ecl.dumpConfig()).toContain('ioredis client')
      await ecl.close()
      client.disconnect()
    }
  })

  it('is options, which may come from an object of some class', async () => {
    class Options {
      readonly host = 'localhost'
      readonly port = 1
    }
    for (const backend of [new Options(), Object.create(null)]) {
      const ecl = new EventCountLogger(GROUPS, backend, options)
      expect(await ecl.close()).toEqual({ unsentEvents: 0 })
    }
  })
})
