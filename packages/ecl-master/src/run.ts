import { tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { openLog } from 'ecl-command/log'
import {
  asError,
  ConfigError,
  loadConfig,
  openStore,
  resolveGroups,
  StoreError,
  silentLogger,
} from 'ecl-core'
import { acknowledge } from './acknowledge.ts'
import type { MasterRequest } from './arguments.ts'
import { runDaemon } from './daemon.ts'
import { Master } from './master.ts'

/**
 * Does what was asked for.
 *
 * @returns the exit code; never rejects
 */
export async function run(request: MasterRequest): Promise<ExitCode> {
  const { config } = request
  try {
    switch (request.mode) {
      case 'acknowledge':
        await acknowledge(config, request.clientId)
        break
      case 'load-scripts':
        await loadScripts(config)
        break
      case 'check':
        await check(config)
        break
      case 'once':
        await rotateOnce(config, request.verbose)
        break
      case 'daemon':
        await runDaemon(config, request.verbose)
    }
    return EXIT.done
  } catch (caught) {
    const { message } = asError(caught)
    // A fault of the config opens with the file's name and line.
    process.stderr.write(
      caught instanceof ConfigError ? `${message}\n` : `ecl-master: ${message}\n`,
    )
    return caught instanceof StoreError ? EXIT.unreachable : EXIT.atFault
  }
}

/** Rotates what is due. @throws ConfigError, StoreError */
async function rotateOnce(file: string, verbose: boolean): Promise<void> {
  const { groups, backend, history, warnings } = await loadConfig(file)
  const log = openLog('ecl-master', verbose)
  for (const warning of warnings) log.warn({ file }, warning)
  // What a store logs is in the error, too, which ends this.
  const store = openStore(backend, { logger: silentLogger })
  try {
    await new Master(groups, store, { logger: log, history }).runOnce()
  } finally {
    await store.close()
  }
}

/** Tries config and connection, and says on stderr what is doubtful. @throws ConfigError, StoreError */
async function check(file: string): Promise<void> {
  const { groups, backend, warnings } = await loadConfig(file)
  const windows = resolveGroups(groups).flatMap((group) =>
    group.intervals.map((interval) => ({ group, interval })),
  )
  const store = openStore(backend, { logger: silentLogger, create: false })
  try {
    // Without any, a user who may run no others could not try.
    store.keepScriptsLoaded?.()
    const missing = await store.tryOut?.(windows)
    const doubts = [...warnings, ...(await store.warnings())]
    const { states } = missing === undefined ? await store.windows(windows) : { states: [] }
    for (const { failure } of states) if (failure !== undefined) throw failure
    for (const doubt of doubts) tell(`warning: ${doubt}`)
    await writeOut(
      `${file}: ${countOf(windows.length, 'window')} to rotate; ${missing ?? 'the store answers'}\n`,
    )
  } finally {
    await store.close()
  }
}

/** Loads the scripts of this version, and says where. @throws ConfigError, StoreError */
async function loadScripts(file: string): Promise<void> {
  const { backend, warnings } = await loadConfig(file)
  for (const warning of warnings) tell(`warning: ${warning}`)
  const store = openStore(backend, { logger: silentLogger, create: false })
  try {
    const loaded = await store.loadScripts?.()
    const done =
      loaded && `${countOf(loaded.scripts, 'script')} loaded at ${loaded.servers.join(', ')}`
    await writeOut(`${file}: ${done ?? 'this store has no scripts to load'}\n`)
  } finally {
    await store.close()
  }
}

function countOf(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}s`
}
