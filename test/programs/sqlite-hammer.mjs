/**
 * A process that counts, rotates and reads as fast as it can until it is killed: `node sqlite-hammer.mjs FILE EVENT`.
 * Says on stdout, after each flush, how much of its event is known to be in the file.
 */
import { EventCountLogger, silentLogger } from 'ecl-core'
import { Master } from 'ecl-master'

const [file, event] = process.argv.slice(2)
const backend = `sqlite:${file}`
const groups = { group: { events: [], intervals: ['1s', '10000h'], auto_declare_events: true } }
// That windows were not turned over while all were dead is no news here; what the store says of its file is.
const warn = (_, message) => message.startsWith('SQLite') && process.stderr.write(`${message}\n`)
const logger = { ...silentLogger, warn }
const ecl = new EventCountLogger(groups, backend, { logger })
new Master(groups, backend, { logger }).start()
const group = ecl.getGroup('group')

for (let logged = 0; ; ) {
  for (let n = 0; n < 50; n++) group.log(`${event}/${n % 7}`)
  logged += 50
  const { unsentEvents } = await group.flush()
  if (unsentEvents === 0) process.stdout.write(`${logged}\n`)
  await group.getCounts('1s')
}
