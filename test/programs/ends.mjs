/** A program that counts 1,000 events, sends them, counts 1,000 more, and ends. `node ends.mjs CONFIG HOW` */
import { EventCountLogger, loadConfig } from 'ecl-core'

const [file, how] = process.argv.slice(2)
const { groups, backend } = await loadConfig(file)
const ecl = new EventCountLogger(groups, backend)
const group = ecl.getGroup('g')

group.log('a', 1000)
await group.flush()
group.log('a', 1000)

switch (how) {
  case 'an uncaught throw':
    setImmediate(() => {
      throw new Error('a fault of the program')
    })
    break
  case 'an unhandled rejection':
    void Promise.reject(new Error('a fault of the program'))
    break
  case 'process.exit':
    process.exit(0)
    break
  case 'SIGTERM':
  case 'SIGKILL':
    process.kill(process.pid, how)
    // Until it has arrived.
    setInterval(() => undefined, 1000)
    break
  case 'close':
    await ecl.close()
    break
  case 'nothing left to do':
    break
  default:
    throw new Error(`unknown: ${how}`)
}
