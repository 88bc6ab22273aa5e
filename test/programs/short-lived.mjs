/** A program that does one small thing and ends. `node short-lived.mjs CONFIG THING` */
import { EventCountLogger, loadConfig } from 'ecl-core'

const [file, thing] = process.argv.slice(2)
const { groups, backend } = await loadConfig(file)
const ecl = new EventCountLogger(groups, backend)
const [name] = Object.keys(groups)
const group = ecl.getGroup(name)

switch (thing) {
  case 'nothing':
    break
  case 'log':
    for (let i = 0; i < 3; i++) group.log('a')
    group.log('b', 10)
    break
  case 'log, exit code 7':
    process.exitCode = 7
    group.log('a')
    break
  case 'log, flush, idle':
    group.log('a')
    await group.flush()
    break
  case 'log, close':
    group.log('a')
    console.log(JSON.stringify(await ecl.close({ timeoutMs: 1500 })))
    break
  case 'close':
    console.log(JSON.stringify(await ecl.close()))
    break
  case 'log, read':
    group.log('a', 4)
    await group.flush()
    console.log(JSON.stringify(await group.getCounts('400000h', { current: true })))
    break
  case 'read':
    await group.getCounts('400000h').catch((error) => console.log(error.code))
    break
  case 'log, throw':
    group.log('a')
    throw new Error('a fault of the program')
  default:
    throw new Error(`unknown: ${thing}`)
}
