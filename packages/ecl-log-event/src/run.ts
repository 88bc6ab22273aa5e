import { EXIT, type ExitCode } from 'ecl-command/exit'
import { openStdin } from 'ecl-command/stdin'
import {
  asError,
  ConfigError,
  EclError,
  EventCountLogger,
  type EventGroup,
  type GroupConfig,
  type GroupsConfig,
  loadConfig,
  UnknownGroupError,
} from 'ecl-core'
import type { LogRequest } from './arguments.ts'
import { cutName } from './bad-names.ts'
import { type EventCheck, eventCheck } from './event-check.ts'
import { logLines } from './log-lines.ts'
import { logger, tell, tellAsCommand } from './output.ts'

/** How long to wait until Redis has everything. */
const STORE_TIMEOUT_MS = 5000
const FAREWELL_TIMEOUT_MS = 1000
/** What ends reading stdin; what was read is still stored. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Logs what was asked for, and waits until it is stored.
 *
 * @returns the exit code; never rejects
 */
export async function run({ config, group: name, source }: LogRequest): Promise<ExitCode> {
  let ecl: EventCountLogger | undefined
  try {
    const { groups, backend, warnings } = await loadConfig(config)
    for (const warning of warnings) tell(warning)
    const groupConfig = groupOf(groups, name)
    const check = eventCheck(groupConfig)
    if (source !== 'stdin') demandEvent(name, source.event, check)
    ecl = new EventCountLogger({ [name]: groupConfig }, backend, { logger })
    const group = ecl.getGroup(name)
    let fault: string | undefined
    if (source === 'stdin') fault = await logStdin(group, check)
    else group.log(source.event, source.count)
    const loss = await lossOf(group)
    for (const message of [fault, loss]) {
      if (message !== undefined) tellAsCommand(message)
    }
    if (loss !== undefined) return EXIT.unreachable
    return fault === undefined ? EXIT.done : EXIT.atFault
  } catch (caught) {
    const { message } = asError(caught)
    // A fault of the config opens with the file's name and line.
    if (caught instanceof ConfigError) tell(message)
    else tellAsCommand(message)
    return EXIT.atFault
  } finally {
    // All is stored, or has had its time; only the farewell is left, without which Redis remembers this process for a day.
    await ecl?.close({ timeoutMs: ecl.stats.unsent === 0 ? FAREWELL_TIMEOUT_MS : 0 })
  }
}

function groupOf(groups: GroupsConfig, name: string): GroupConfig {
  const group = Object.hasOwn(groups, name) ? groups[name] : undefined
  if (group === undefined) throw new UnknownGroupError(name, Object.keys(groups))
  return group
}

function demandEvent(group: string, event: string, check: EventCheck): void {
  const problem = check(event)
  if (problem === undefined) return
  throw new EclError(
    'CONFIG_INVALID',
    `group "${group}": event ${JSON.stringify(cutName(event))} ${problem}`,
  )
}

/** Logs stdin to its end, or until a signal. @returns what was wrong with it, for people */
async function logStdin(group: EventGroup, check: EventCheck): Promise<string | undefined> {
  const ending = new AbortController()
  const end = () => ending.abort()
  for (const signal of ENDING_SIGNALS) process.once(signal, end)
  try {
    const input = openStdin()
    const { lines, bad } = await logLines({
      input,
      group,
      check,
      tell: tellAsCommand,
      signal: ending.signal,
    })
    if (bad === 0) return undefined
    return `${bad} of ${lines} lines were not counted, as they are no event of the group`
  } catch (caught) {
    return `stdin cannot be read: ${asError(caught).message}`
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, end)
  }
}

/** Waits until everything is stored. @returns what was not, for people */
async function lossOf(group: EventGroup): Promise<string | undefined> {
  const { unsentEvents } = await group.flush({ timeoutMs: STORE_TIMEOUT_MS })
  const { rejected, unknown } = group.stats
  if (unsentEvents !== 0) {
    const seconds = STORE_TIMEOUT_MS / 1000
    return `NOT stored, as far as is known: ${eventsText(unsentEvents)}; the store did not confirm within ${seconds} s`
  }
  if (rejected !== 0) return `NOT stored: ${eventsText(rejected)}, refused by the store`
  if (unknown !== 0) return `not known to be stored: ${eventsText(unknown)}`
  return undefined
}

function eventsText(events: number): string {
  return events === 1 ? '1 event' : `${events} events`
}
