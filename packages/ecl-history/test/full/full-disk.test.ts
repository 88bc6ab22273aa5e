import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openHistory } from 'ecl-history'
import { all, at, closed } from '../history-windows.ts'

function asRoot(command: string, ...args: string[]): void {
  const [file, ...first] = process.getuid?.() === 0 ? [command] : ['sudo', '-n', command]
  execFileSync(file ?? command, [...first, ...args])
}

it('takes what a full disk had no room for when there is room, and all of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ecl-history-'))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  asRoot('mount', '-t', 'tmpfs', '-o', 'size=512k,mode=777', 'tmpfs', disk)
  const store = openHistory(`sqlite:${join(disk, 'history.db')}`)
  try {
    const counts = Object.fromEntries(
      [...Array(20_000).keys()].map((n) => [`an event with a name that is long, ${n}`, 2]),
    )
    await store.archive([closed(0, { a: 1 })])
    await expect(store.archive([closed(5, counts)])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('the disk is full; make room, nothing is lost meanwhile'),
    })
    asRoot('mount', '-o', 'remount,size=64m', disk)
    await store.archive([closed(5, counts)])
    const rows = await all(store.rows({ group: 'g', interval: '5s', from: at(0), to: at(60) }))
    expect(rows).toHaveLength(20_001)
  } finally {
    await store.close()
    asRoot('umount', '-l', disk)
    rmSync(folder, { recursive: true })
  }
}, 60_000)
