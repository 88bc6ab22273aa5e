/**
 * A service that counts until its parent tells it to stop, and then says what it has counted: in total, and for each
 * second in which it counted. `node service.mjs CONFIG`, with a channel to its parent.
 */
import { EventCountLogger, loadConfig } from 'ecl-core'

/** Nothing is counted so near to a second's turn, so that there is no doubt to which it belongs. */
const MARGIN_MS = 60

/** The time of day, also where wrong-clock.mjs has made that of this process wrong. */
const trueNow = globalThis.trueNow ?? Date.now
const { groups, backend } = await loadConfig(process.argv[2])
const ecl = new EventCountLogger(groups, backend)
/** @type {Record<string, Record<string, Record<number, number>>>} group → event → second → count */
const logged = {}
let turn = 0
let previousMs = trueNow()

/** @param {string} group @param {string} event @param {number} n @param {number} second */
function log(group, event, n, second) {
  ecl.getGroup(group).log(event, n)
  const seconds = ((logged[group] ??= {})[event] ??= {})
  seconds[second] = (seconds[second] ?? 0) + n
}

const timer = setInterval(() => {
  const nowMs = trueNow()
  const stalled = nowMs - previousMs > MARGIN_MS / 2
  previousMs = nowMs
  // The timer that closes a second may be due behind this one.
  if (stalled) return
  if (nowMs % 1000 < MARGIN_MS || nowMs % 1000 > 1000 - MARGIN_MS) return
  const second = Math.floor(nowMs / 1000)
  turn++
  log('direct', turn % 3 === 0 ? 'error' : 'hit', 1, second)
  log('cached', 'job', turn % 7, second)
  log('dynamic', `path ${turn % 5}`, 1, second)
}, 4)

async function stop() {
  clearInterval(timer)
  const { unsentEvents } = await ecl.close()
  process.send?.({ logged, unsentEvents, stats: ecl.stats })
  process.disconnect()
}

process.on('message', () => void stop())
