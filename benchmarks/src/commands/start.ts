import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore, resolveGroups } from 'ecl-core'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { median } from '../statistics.ts'
import { type CommandLine, pythonReader, readerCommand, writeConfig } from './command-lines.ts'
import { freePort } from './free-port.ts'

const GROUPS = { bench: { events: ['hit', 'error', 'login'], intervals: ['1h'] } }
/** How long a program takes, from its start to its end, ms. */
function timeRun({ file, args, env }: CommandLine): Promise<number> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(performance.now() - startedMs)
      else reject(new Error(`${file} ${args.join(' ')} ended with ${code}`))
    })
  })
}

/** @param lineOf the command line, given a config whose Redis has counts */
function starting(
  identity: Pick<Contestant, 'id' | 'title' | 'kind' | 'needs'>,
  lineOf: (context: CellContext, config: string) => CommandLine,
): Contestant {
  return {
    ...identity,
    run: async (context) => {
      const server = await context.redis({ port: await freePort() })
      const store = openStore(server.backend)
      context.onClose(() => store.close())
      const [group] = resolveGroups(GROUPS)
      const interval = group?.intervals[0]
      if (group === undefined || interval === undefined) throw new Error('bug: no group')
      await store.rotate(group, interval)
      const line = lineOf(context, writeConfig(context, server.port, GROUPS))
      // The first one brings the files into the cache.
      await timeRun(line)
      const found: number[] = []
      for (let n = 0; n < context.pick(10, 3); n++) found.push(await timeRun(line))
      return { wall: median(found) }
    },
  }
}

const node = (...args: string[]): CommandLine => ({ file: process.execPath, args })

const LIBRARIES = fileURLToPath(new URL('libraries.js', import.meta.url))

/** What a command that is run from cron or a monitoring system takes. */
export const startCase: BenchmarkCase = {
  id: 'start',
  title: '`ecl-reader`, from its start to its end, warm',
  about:
    'Three events are read from a Redis and printed. The empty file shows what Node itself takes.',
  measures: { wall: { title: 'time', unit: 'ms' } },
  contestants: [
    starting({ id: 'ecl', title: '`ecl-reader`', kind: 'ours' }, readerCommand),
    starting({ id: 'empty', title: 'an empty file in Node', kind: 'floor' }, (context) => {
      const file = join(context.folder(), 'empty.cjs')
      writeFileSync(file, '')
      return node(file)
    }),
    starting(
      {
        id: 'libraries',
        title: 'a file that loads ioredis, yaml, commander and ajv, and reads nothing',
        kind: 'peer',
      },
      () => node(LIBRARIES),
    ),
    starting(
      { id: 'python', title: "the original's `ecl_reader`", kind: 'peer', needs: 'python' },
      pythonReader,
    ),
  ],
  goals: [
    {
      says: '`ecl-reader` to an empty Node',
      ...{ measure: 'wall', of: 'ecl', against: 'empty', atMost: 1.6 },
    },
    {
      says: "`ecl-reader` is faster than the original's",
      ...{ measure: 'wall', of: 'python', against: 'ecl', atLeast: 1 },
    },
  ],
}
