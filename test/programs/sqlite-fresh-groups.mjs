/** Reads, rotates and counts in the file that is named, with a group that is made anew for each call. */
import { openStore, resolveGroups } from 'ecl-core'

const CALLS = 600
const EVENTS = 2000

const [file = ''] = process.argv.slice(2)
const store = openStore(`sqlite:${file}`)
const events = Array.from({ length: EVENTS }, (_, n) => `an event with a name, ${n}`)
const [group] = resolveGroups({
  group: { events, intervals: ['400000h'], auto_declare_events: true, max_events: 5000 },
})
const [interval] = group.intervals

/** No two of them are the same object, and none has the same list. */
const fresh = (dynamic) => ({ ...group, dynamic, events: [...group.events] })

const alive = setInterval(() => {}, 1000)
for (let n = 1; n <= CALLS; n++) {
  await store.read(fresh(false), interval, 'cur')
  await store.rotate(fresh(true), interval)
  const { status } = await store.apply({
    ...{ group: fresh(true), clientId: 'h/1/a', number: n, follows: n - 1 },
    ...{ at: undefined, mixedWith: undefined, intervals: [interval] },
    ...{ counts: [['an event', 1]], declared: new Set(), mayHold: false, closes: false },
    ...{ isRest: false, through: 0, lossUntil: 0 },
    books: { logged: n, unsent: 0, replayed: 0 },
  })
  if (status !== 'applied') throw new Error(status)
}
const { cur } = await store.read(fresh(true), interval, 'cur')
console.log(String(cur?.counts.get('an event')))
await store.close()
clearInterval(alive)
