import { allThatCan, cutTo, timeText } from 'ecl-command'
import {
  type ClientAccount,
  type CounterStore,
  type GroupSpec,
  LEASE_SECONDS,
  loadConfig,
  openStore,
  resolveGroups,
  silentLogger,
  visible,
} from 'ecl-core'

/** How many silent loggers a message lists, and how much of a name that somebody else has written. */
const MAX_NAMES = 10
const MAX_NAME_COLUMNS = 100

/** A logger in the books of a group. */
interface Known {
  readonly group: GroupSpec
  readonly account: ClientAccount
  readonly ageSeconds: number
}

/**
 * Accepts that what a silent logger counted after its last word is unknown, so that the books of the others can balance.
 *
 * @param clientId as `ecl-reader --audit` names it
 * @throws ConfigError, StoreError; Error where no logger of that name is silent
 */
export async function acknowledge(file: string, clientId: string): Promise<void> {
  const { groups, backend, warnings } = await loadConfig(file)
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  // What a store logs is in the error, too, which ends this.
  const store = openStore(backend, { logger: silentLogger, create: false })
  try {
    const specs = resolveGroups(groups)
    store.checkGroups?.(specs)
    store.keepScriptsLoaded?.()
    process.stdout.write(`${visible(await acknowledgeAt(store, specs, clientId))}\n`)
  } finally {
    await store.close()
  }
}

/** @returns what is to be said */
async function acknowledgeAt(
  store: CounterStore,
  groups: readonly GroupSpec[],
  clientId: string,
): Promise<string> {
  const { found, faults } = await allThatCan(
    groups,
    ({ name }) => name,
    async (group) => knownIn(group, await store.accounts(group)),
  )
  const known = found.flat()
  const logger = known.find(({ account }) => account.clientId === clientId)
  if (logger === undefined) {
    // It may be in the one that could not be read.
    if (faults.length > 0) throw faults[0]?.error
    throw new Error(visible(`no logger "${clientId}" is known; ${silentOnes(known)}`))
  }
  const { group, account, ageSeconds } = logger
  const name = `group "${group.name}": logger "${clientId}"`
  const outcome = await store.acknowledgeClient(group, clientId)
  if (outcome === 'acknowledged') {
    return `${name}, last heard ${timeText(account.lastUse)}, is acknowledged; what it counted after that stays unknown`
  }
  if (outcome === 'closed') return `${name} has said farewell: there is nothing to acknowledge`
  const why =
    outcome === 'alive'
      ? `was heard ${ageSeconds} s ago; acknowledge it when it has been silent for ${LEASE_SECONDS} s`
      : 'has just expired'
  throw new Error(visible(`${name} ${why}`))
}

function knownIn(
  group: GroupSpec,
  { storeTimeMs, clients }: Awaited<ReturnType<CounterStore['accounts']>>,
): Known[] {
  return clients.map((account) => ({
    group,
    account,
    ageSeconds: Math.max(0, Math.floor(storeTimeMs / 1000) - account.lastUse),
  }))
}

function silentOnes(known: readonly Known[]): string {
  const silent = known.filter(
    ({ account: { closed, acknowledged }, ageSeconds }) =>
      !closed && !acknowledged && ageSeconds >= LEASE_SECONDS,
  )
  if (silent.length === 0) return 'no logger is silent'
  const names = silent
    .slice(0, MAX_NAMES)
    .map(
      ({ group, account }) =>
        `${cutTo(account.clientId, MAX_NAME_COLUMNS)} (group "${group.name}")`,
    )
  const more = silent.length > MAX_NAMES ? [`and ${silent.length - MAX_NAMES} more`] : []
  return `silent: ${[...names, ...more].join(', ')}`
}
