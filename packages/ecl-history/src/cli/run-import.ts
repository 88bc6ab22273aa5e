import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { openStdin } from 'ecl-command/stdin'
import type { ClosedWindow } from '../closed-window.ts'
import { instantIso } from '../query/time-text.ts'
import { FileFault } from '../transfer/file-fault.ts'
import { readWindows } from '../transfer/read-windows.ts'
import { openProgress } from './progress.ts'
import { COMMAND, withSql } from './session.ts'

/** In one transaction: enough that it does not matter what one costs, and not more than memory has room for. */
const BATCH_COUNTS = 20_000

/** Takes exported windows in; what is there already, or newer, stays as it is. @returns the exit code; never rejects */
export function runImport({
  config,
  file,
}: {
  readonly config: string
  readonly file: string | undefined
}): Promise<ExitCode> {
  return withSql(config, async ({ sql }) => {
    // Archiving would make the tables, and the file for a mistyped name; who imports has to mean it.
    await sql.series()
    const input = file === undefined ? openStdin() : createReadStream(file)
    const size = file === undefined ? undefined : await sizeOf(file)
    const progress = openProgress('import', size)
    let windows = 0
    let expired = 0
    let unfit = false
    try {
      for await (const batch of batchesOf(readWindows(input))) {
        const archived = await sql.archive(batch)
        for (const { window, reasons } of archived.unfit ?? []) {
          unfit = true
          const where = `${window.group} ${window.interval} ${instantIso(window.start, 'UTC')}`
          tell(`${COMMAND}: left out of the window ${where}: ${reasons.join('; ')}`)
        }
        windows += batch.filter(({ part }) => part === 1).length
        expired += archived.expired
        if ('bytesRead' in input) progress.update(input.bytesRead)
      }
    } catch (caught) {
      if (!(caught instanceof FileFault)) throw caught
      tell(
        `${COMMAND}: ${file ?? 'stdin'}: ${caught.message}; windows taken in before that: ${windows}`,
      )
      return EXIT.atFault
    } finally {
      progress.stop()
      input.destroy()
    }
    await writeOut(`windows taken in: ${windows}\n`)
    if (expired > 0) tell(`${COMMAND}: left out, as they are older than what is kept: ${expired}`)
    return unfit ? EXIT.atFault : EXIT.done
  })
}

async function sizeOf(file: string): Promise<number | undefined> {
  const { size } = await stat(file)
  // Of a pipe or a device, nobody knows.
  return size === 0 ? undefined : size
}

/** Puts windows together to batches. */
async function* batchesOf(windows: AsyncIterable<ClosedWindow>): AsyncGenerator<ClosedWindow[]> {
  let batch: ClosedWindow[] = []
  let counts = 0
  for await (const window of windows) {
    batch.push(window)
    // A window without any is work, too.
    counts += window.counts.size + 1
    if (counts < BATCH_COUNTS) continue
    yield batch
    batch = []
    counts = 0
  }
  if (batch.length > 0) yield batch
}
