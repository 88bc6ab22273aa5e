/** A program of one's own that asks a store one thing and ends. `node store-call.mjs CONFIG THING` */
import { loadConfig, openStore, resolveGroups } from 'ecl-core'

const [file, thing] = process.argv.slice(2)
const { groups, backend } = await loadConfig(file)
const [group] = resolveGroups(groups)
const [interval] = group.intervals
const window = { group, interval }
const store = openStore(backend)

const calls = {
  read: () => store.read(group, interval, 'cur'),
  accounts: () => store.accounts(group),
  windows: () => store.windows([window]),
  rotate: () => store.rotate(group, interval),
  adopt: () => store.adoptForeignEvents([window]),
  warnings: () => store.warnings(),
  acknowledge: () => store.acknowledgeClient(group, 'host/1/a'),
  try: () => store.tryOut([window]),
  'queue state': () => store.history.state([window]),
}
console.log(
  await calls[thing]().then(
    () => 'answered',
    ({ code }) => code,
  ),
)
