import type { Redis } from 'ioredis'

/** The command, and not one that the script calls, as its name would then not be there. Quoted by `'` since Redis 7. */
const NO_READ_ONLY_SCRIPTS = /(unknown command|NOPERM).*['`]eval(sha)?_ro['`]/i
/** The same of what puts a script there. */
const MAY_NOT_ADD = /(unknown command|NOPERM).*['`](eval|script(\|load)?)['`]/i

/** A Lua script with the name that Redis knows it by. */
export interface Script {
  readonly source: string
  readonly sha1: string
}

/** Clients whose user may load scripts for those who may not, and what they load. */
const loaders = new WeakMap<Redis, readonly Script[]>()

/**
 * Loads scripts, so that users run them who have no right to run any others.
 *
 * @throws ReplyError NOPERM, where this user may not
 */
export async function loadScripts(redis: Redis, scripts: readonly Script[]): Promise<void> {
  await Promise.all(scripts.map(({ source }) => redis.call('SCRIPT', 'LOAD', source)))
}

/** Loads scripts now, and again whenever one is missing, as after SCRIPT FLUSH; not where this user may not. */
export async function keepScriptsLoaded(redis: Redis, scripts: readonly Script[]): Promise<void> {
  loaders.set(redis, scripts)
  await loadAgain(redis)
}

/** @returns whether scripts were loaded */
async function loadAgain(redis: Redis): Promise<boolean> {
  const scripts = loaders.get(redis)
  if (scripts === undefined) return false
  try {
    await loadScripts(redis, scripts)
    return true
  } catch (caught) {
    if (caught instanceof Error && MAY_NOT_ADD.test(caught.message)) return false
    throw caught
  }
}

/**
 * Runs a script by its name. Where Redis does not know it (a first run, a restart, SCRIPT FLUSH), it is loaded by who may
 * do that for all, or else sent whole by who may run any.
 *
 * @throws ReplyError NOSCRIPT, where this user may do neither: somebody else has to load it
 * @param sending called just before it is sent, each time: who measures the way of the reply must not take it for longer
 */
export async function runScript(
  redis: Redis,
  script: Script,
  key: string,
  args: readonly string[],
  sending?: () => void,
): Promise<unknown> {
  return byNameOrWhole(['EVALSHA', 'EVAL'], redis, script, key, args, sending)
}

/**
 * Runs a script that only reads, as a read-only user may.
 *
 * @returns undefined where the server is older than 7.0 and has no such commands, or this user may not use them
 */
export async function runReadOnlyScript(
  redis: Redis,
  script: Script,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await byNameOrWhole(['EVALSHA_RO', 'EVAL_RO'], redis, script, key, args)
  } catch (caught) {
    if (caught instanceof Error && saysNoReadOnlyScripts(caught.message)) return undefined
    throw caught
  }
}

async function byNameOrWhole(
  [byName, whole]: readonly ['EVALSHA', 'EVAL'] | readonly ['EVALSHA_RO', 'EVAL_RO'],
  redis: Redis,
  script: Script,
  key: string,
  args: readonly string[],
  sending?: () => void,
): Promise<unknown> {
  const run = async () => {
    sending?.()
    return callScript(redis, byName, script.sha1, key, args)
  }
  try {
    return await run()
  } catch (caught) {
    if (!isMissing(caught)) throw nameCommand(caught, script)
    try {
      if (await loadAgain(redis)) return await run()
      sending?.()
      return await callScript(redis, whole, script.source, key, args)
    } catch (again) {
      // That the script is missing will pass, and that this user may not send it need not change.
      const mayNotSend = again instanceof Error && MAY_NOT_ADD.test(again.message)
      throw mayNotSend ? caught : nameCommand(again, script)
    }
  }
}

function isMissing(caught: unknown): boolean {
  return caught instanceof Error && caught.message.startsWith('NOSCRIPT')
}

/** What a script may not do, Redis says by the line only; the commands in it are put behind its message. */
function nameCommand(caught: unknown, { source }: Script): unknown {
  if (!(caught instanceof Error) || !/can't (run|access)|NOPERM/.test(caught.message)) return caught
  const line = /@user_script:(\d+)/.exec(caught.message)?.[1]
  if (line === undefined) return caught
  const commands = source.split('\n')[Number(line) - 1]?.match(/'[A-Z]{3,}'/g) ?? []
  if (commands.length > 0) {
    caught.message += ` (${commands.map((command) => command.slice(1, -1)).join(' or ')})`
  }
  return caught
}

/** Whether an error means that there is no EVAL_RO, or that it is not this user's right. */
export function saysNoReadOnlyScripts(message: string): boolean {
  return NO_READ_ONLY_SCRIPTS.test(message)
}

/** One array, as an argument list of a group with 100,000 declared events overflows the stack. */
function callScript(
  redis: Redis,
  command: string,
  script: string,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  return redis.call(command, [script, '1', key, ...args])
}
