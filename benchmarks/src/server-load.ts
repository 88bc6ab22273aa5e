import type { Redis } from 'ioredis'

/** What a Redis has done since it was started, or since its counters were set to 0. */
export interface ServerLoad {
  /** Processor time of the whole server, ms. */
  readonly cpuMs: number
  /** How often it has read from a connection: once for a pipeline that fits. */
  readonly reads: number
  /** Commands, those within scripts and transactions included. */
  readonly commands: number
}

/** Asks a server. Costs it one read and one command, which the next reply has in it. */
export async function serverLoad(redis: Redis): Promise<ServerLoad> {
  const info = await redis.info()
  const field = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1] ?? 0)
  return {
    cpuMs: (field('used_cpu_user') + field('used_cpu_sys')) * 1000,
    reads: field('total_reads_processed'),
    commands: field('total_commands_processed'),
  }
}

/** How much memory its data takes, bytes. */
export async function serverMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}

/** As many commands as a reading of a million events takes, several times over. */
const MOST_NOTED = 10_000
/** Commands of those who measure. */
const OWN_COMMANDS = ['config', 'info', 'slowlog']

/** Number, when it began in Unix seconds, for how long it ran in µs, and its words; client and its name follow. */
type NotedCommand = readonly [number, number, number, readonly string[]]

/** Has a server note each command from now on, also those within scripts and transactions, but not EXEC itself. */
export async function noteCommands(redis: Redis): Promise<void> {
  await redis.config('SET', 'slowlog-max-len', MOST_NOTED)
  await redis.config('SET', 'slowlog-log-slower-than', 0)
  await redis.call('SLOWLOG', 'RESET')
}

/**
 * For how long the longest command that was noted has kept all other clients waiting, ms; ends the noting.
 *
 * @throws where more were to be noted than can be
 */
export async function takeLongestMs(redis: Redis): Promise<number> {
  await redis.config('SET', 'slowlog-log-slower-than', -1)
  const noted = (await redis.call('SLOWLOG', 'GET', MOST_NOTED)) as NotedCommand[]
  if (noted.length === MOST_NOTED) throw new Error('more commands than could be noted')
  const theirs = noted.filter(([, , , [name = '']]) => !OWN_COMMANDS.includes(name.toLowerCase()))
  return Math.max(...theirs.map(([, , usec]) => usec)) / 1000
}

/**
 * For how long commands have kept all other clients waiting, ms, since the last call of this.
 *
 * @param names such as `evalsha` and `exec`, with everything that ran within
 */
export async function takeBlockedMs(redis: Redis, names: readonly string[]): Promise<number> {
  const info = await redis.info('commandstats')
  await redis.config('RESETSTAT')
  const micros = names.map((name) =>
    Number(new RegExp(`^cmdstat_${name}:calls=\\d+,usec=(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  )
  return micros.reduce((sum, usec) => sum + usec, 0) / 1000
}
