/**
 * Counts in two requests, each with an AsyncLocalStorage of its own, and tells what is left of the first one's.
 * `node --expose-gc first-request.mjs CONFIG FIRST`, where FIRST is what is done first
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { EventCountLogger, loadConfig } from 'ecl-core'
import { Master } from 'ecl-master'

const requests = new AsyncLocalStorage()
const [file, begin] = process.argv.slice(2)
const { groups, backend } = await loadConfig(file)
/** Whose context messages come in. */
const spoken = new Set()
const hear = (_fields, message) => spoken.add(`${requests.getStore()?.name ?? 'none'}: ${message}`)
const logger = { debug: hear, info: hear, warn: hear, error: hear }
const ecl = new EventCountLogger(groups, backend, { logger })
const master = new Master(groups, backend, { logger })
const [name, rare] = Object.keys(groups)
const group = ecl.getGroup(name)

const steps = {
  log() {
    group.log('a')
    return group.flush()
  },
  read: () => group.getCounts('1s', { current: true }),
  rotate: () => master.start(),
}

async function request(store) {
  return requests.run(store, async () => {
    for (const step of [begin, 'log', 'read', 'rotate']) await steps[step]()
    group.log('a')
    // This waits for long, looked after by a timer that is set again and again.
    if (store.name === 'first') ecl.getGroup(rare).log('a')
    // The context of a request is its own wherever it awaits something.
    return requests.getStore() === store
  })
}

async function first() {
  const store = { name: 'first' }
  return { kept: await request(store), left: new WeakRef(store) }
}

const { kept, left } = await first()
// Over a boundary, and over the time of an idle connection's look.
for (let i = 0; i < 15; i++) {
  await request({ name: `later ${i}` })
  await wait(100)
  globalThis.gc()
}
console.log(JSON.stringify({ kept, collected: left.deref() === undefined, spoken: [...spoken] }))
await master.stop()
await ecl.close()
