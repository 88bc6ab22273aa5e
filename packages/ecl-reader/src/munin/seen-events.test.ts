import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { resolveGroups } from 'ecl-core'
import fc from 'fast-check'
import { formatEvents, parseEvents, SeenEvents } from './seen-events.ts'

const [GROUP] = resolveGroups({ 'a/b': { events: ['x'], intervals: ['5m'] } })
if (GROUP === undefined) throw new Error('no group')
const TARGET = { group: GROUP, interval: { spec: '5m', seconds: 300 } }
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-munin-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

it('remembers events from one run to the next, in one file that is always whole', async () => {
  const state = join(directory, 'state')
  expect(await new SeenEvents(state, TARGET).load()).toEqual([])
  await new SeenEvents(state, TARGET).save(['b', 'a\n', '"'])
  expect(await new SeenEvents(state, TARGET).load()).toEqual(['b', 'a\n', '"'])
  expect(readdirSync(state)).toEqual(['ecl-a_x2fb-5m'])
})

it('does not write what is there already', async () => {
  const file = join(directory, 'ecl-a_x2fb-5m')
  const seen = new SeenEvents(directory, TARGET)
  await seen.save(['a'])
  writeFileSync(file, 'untouched')
  await seen.save(['a'])
  expect(readFileSync(file, 'utf8')).toBe('untouched')
})

it('fails where it cannot read what it has written', async () => {
  writeFileSync(join(directory, 'file'), '')
  await expect(new SeenEvents(join(directory, 'file'), TARGET).load()).rejects.toThrow('ENOTDIR')
})

it('reads what it writes, and skips a line that was spoiled', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (events) => {
      expect(parseEvents(formatEvents(events))).toEqual(events)
    }),
  )
  expect(parseEvents('"a"\nb"\n7\n"c"')).toEqual(['a', 'c'])
})
