/**
 * A service whose logger has much to warn of, by its own means: `node noisy-host.mjs CONFIG`. Says "alive" when it has, and
 * ends by itself when stdin does.
 */
import { once } from 'node:events'
import { EventCountLogger, loadConfig } from 'ecl-core'

const { groups, backend } = await loadConfig(process.argv[2] ?? '')
const ecl = new EventCountLogger(groups, backend)
const group = ecl.getGroup('g')
// Each is warned of once.
for (let i = 0; i < 1000; i++) group.log(`${i} ${'x'.repeat(180)}`)
group.log('a')
await new Promise((resolve) => setTimeout(resolve, 50))
process.stdout.write('alive\n')
process.stdin.resume()
await once(process.stdin, 'end')
await ecl.close({ timeoutMs: 100 })
