import { spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchmarkCase, Contestant } from '../benchmark.ts'
import type { CellContext } from '../cell-context.ts'
import { eventNames, shuffledCalls } from '../hot-path/time-calls.ts'
import { COMMANDS } from '../paths.ts'
import { type CommandLine, writeConfig } from './command-lines.ts'
import { freePort } from './free-port.ts'

const NAMES = eventNames(10)
const GROUPS = { bench: { events: NAMES, intervals: ['1h'], sync_interval: 1 } }
const BLOCK_LINES = 100_000

/** Lines a second that a program reads from a file, its start and end included. */
function lines(
  identity: Pick<Contestant, 'id' | 'title' | 'kind'>,
  lineOf: (config: string) => CommandLine,
): Contestant {
  return {
    ...identity,
    run: async (context) => {
      const server = await context.redis({ port: await freePort() })
      const line = lineOf(writeConfig(context, server.port, GROUPS))
      const count = context.pick(3_000_000, 1_000_000)
      const input = fileOfLines(context, count)
      const startedMs = performance.now()
      await runOn(input, line)
      return { rate: (count * 1000) / (performance.now() - startedMs) }
    },
  }
}

function fileOfLines(context: CellContext, count: number): string {
  const file = join(context.folder(), 'lines')
  const block = `${shuffledCalls(NAMES, BLOCK_LINES).join('\n')}\n`
  for (let written = 0; written < count; written += BLOCK_LINES) {
    writeFileSync(file, block, { flag: 'a' })
  }
  return file
}

function runOn(input: string, { file, args }: CommandLine): Promise<void> {
  const stdin = openSync(input, 'r')
  return new Promise<void>((resolve, reject) => {
    const child = spawn(file, [...args], { stdio: [stdin, 'ignore', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${file} ended with ${code}`))
    })
  }).finally(() => closeSync(stdin))
}

/** Counting lines of a log. */
export const logEventCase: BenchmarkCase = {
  id: 'log-event',
  title: '`ecl-log-event CONFIG GROUP -`, lines of 10 names from a file',
  measures: { rate: { title: 'lines', unit: 'lines/s' } },
  contestants: [
    lines({ id: 'ecl', title: '`ecl-log-event`', kind: 'ours' }, (config) => ({
      file: process.execPath,
      args: [COMMANDS.logEvent, config, 'bench', '-'],
    })),
    lines({ id: 'awk', title: 'awk, counting in an array', kind: 'floor' }, () => ({
      file: 'awk',
      args: ['{ n[$0]++ } END { for (event in n) print event, n[event] }'],
    })),
  ],
  goals: [
    {
      says: '`ecl-log-event` reads lines into few names, lines/s',
      ...{ measure: 'rate', of: 'ecl', atLeast: 1_000_000 },
    },
  ],
}
