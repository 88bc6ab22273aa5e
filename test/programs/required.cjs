/** Counts one event from CommonJS, and reads it. `node required.cjs CONFIG` */
const { EventCountLogger, loadConfig } = require('ecl-core')
const { Master } = require('ecl-master')

async function main() {
  const { groups, backend } = await loadConfig(process.argv[2])
  const ecl = new EventCountLogger(groups, backend)
  const group = ecl.getGroup('g')
  group.log('a')
  await group.flush()
  console.log(JSON.stringify(await group.getCounts('400000h', { current: true })), typeof Master)
  await ecl.close()
}

void main()
