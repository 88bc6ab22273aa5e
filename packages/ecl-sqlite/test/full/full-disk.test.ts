import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { EventCountLogger, resolveGroups, silentLogger } from 'ecl-core'
import { StoreFolder } from '../store-in-folder.ts'
import { asRoot } from './as-root.ts'

const GROUPS = {
  group: { events: [], intervals: ['10000h'], auto_declare_events: true },
} as const
const EVENTS = 20_000

it('keeps what a full disk has no room for, says so once, and counts it when there is room', async () => {
  const folder = new StoreFolder()
  const disk = join(folder.path, 'disk')
  mkdirSync(disk)
  asRoot('mount', '-t', 'tmpfs', '-o', 'size=512k,mode=777', 'tmpfs', disk)
  try {
    const store = folder.open(join(disk, 'counts.db'))
    const ecl = new EventCountLogger(GROUPS, store, { logger: silentLogger })
    const group = ecl.getGroup('group')
    for (let n = 0; n < EVENTS; n++) group.log(`an event with a name that is long, ${n}`, 2)
    const { unsentEvents } = await group.flush({ timeoutMs: 2000 })
    expect(unsentEvents).toBeGreaterThan(0)
    expect(folder.said).toEqual([
      expect.stringMatching(/: the disk is full; make room, nothing is lost meanwhile \(.*\)$/),
    ])
    asRoot('mount', '-o', 'remount,size=64m', disk)
    expect(await group.flush()).toEqual({ unsentEvents: 0 })
    expect(folder.said.at(-1)).toMatch(/can be used again after \d+\.\d s$/)
    const [spec] = resolveGroups(GROUPS)
    const interval = spec?.intervals[0]
    if (spec === undefined || interval === undefined) throw new Error('no group')
    const { cur } = await store.read(spec, interval, 'cur')
    expect(cur?.counts.size).toBe(EVENTS)
    expect(new Set(cur?.counts.values())).toEqual(new Set([2n]))
    await ecl.close()
    await store.close()
  } finally {
    asRoot('umount', '-l', disk)
    await folder.remove()
  }
}, 60_000)
