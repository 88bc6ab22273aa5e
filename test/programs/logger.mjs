/**
 * A logger that does as its parent says: `node logger.mjs CONFIG GROUP`, with a channel to its parent. Told an event, it
 * counts it and says "logged" once it is stored.
 */
import { EventCountLogger, loadConfig } from 'ecl-core'

const [, , config, name] = process.argv
const { groups, backend } = await loadConfig(config)
const group = new EventCountLogger(groups, backend).getGroup(name)

/** @param {string} event */
async function log(event) {
  group.log(event)
  await group.flush()
  process.send?.('logged')
}

process.on('message', (event) => void log(String(event)))
