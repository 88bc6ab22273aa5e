/** One of several processes that count and flush as fast as they can. Arguments: backend, duration in ms. */
import { EventCountLogger } from 'ecl-core'
import { CACHED } from '../hot-path/log.ts'

const EVENTS_A_FLUSH = 10

const [backend = '', durationMs = '0'] = process.argv.slice(2)
const ecl = new EventCountLogger({ bench: CACHED }, backend)
const group = ecl.getGroup('bench')

const flush = async () => {
  for (let n = 0; n < EVENTS_A_FLUSH; n++) group.log(`event ${n}`)
  await group.flush()
}

await flush()
process.send?.('ready')
await new Promise((resolve) => process.once('message', resolve))
let flushes = 0
const startedMs = performance.now()
while (performance.now() - startedMs < Number(durationMs)) {
  await flush()
  flushes++
}
process.send?.((flushes * 1000) / (performance.now() - startedMs))
await ecl.close()
process.disconnect?.()
