import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, it } from '@jest/globals'
import { EventCountLogger, silentLogger } from 'ecl-core'
import { StoreFolder } from './store-in-folder.ts'

const LOCKED_MS = 1500
/** A busy machine is late by itself; SQLite's own waiting would take all of LOCKED_MS. */
const MOST_MS = 700

it("keeps the program's event loop free while another program has the file locked", async () => {
  const folder = new StoreFolder()
  try {
    const groups = { group: { events: ['a'], intervals: ['400000h'] } } as const
    const store = folder.open()
    const ecl = new EventCountLogger(groups, store, { logger: silentLogger })
    const group = ecl.getGroup('group')
    group.log('a')
    await group.flush()
    const other = folder.database()
    other.exec('BEGIN IMMEDIATE')
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    group.log('a')
    const flushed = group.flush()
    await new Promise((resolve) => setTimeout(resolve, LOCKED_MS))
    delay.disable()
    other.exec('ROLLBACK')
    other.close()
    expect(await flushed).toEqual({ unsentEvents: 0 })
    expect(delay.max / 1e6).toBeLessThan(MOST_MS)
    await ecl.close()
  } finally {
    await folder.remove()
  }
})
