import type { Redis } from 'ioredis'

/** Of which server this one is a replica; undefined where it is none, or the user may not know. */
export async function primaryOf(redis: Redis): Promise<string | undefined> {
  const info = parseInfo(await redis.info('replication').catch(() => ''))
  if (info.get('role') !== 'slave') return undefined
  return `${info.get('master_host')}:${info.get('master_port')}`
}

/**
 * Looks at settings of the server under which counts can be lost.
 *
 * @param failsOver whether a replica may take the server's place
 * @returns one sentence each, with the remedy; none where the user may not look
 */
export async function serverWarnings(redis: Redis, failsOver: boolean): Promise<string[]> {
  // Fails where the server does not answer; what it does not answer below, the user may not know.
  await redis.time()
  const info = parseInfo(await redis.info().catch(() => ''))
  const config = (parameter: string) =>
    redis.config('GET', parameter).then(
      // CONFIG GET answers with name and value.
      (reply) => (Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined),
      () => undefined,
    )
  const [save, appendOnly, minReplicas] = await Promise.all([
    config('save'),
    config('appendonly'),
    failsOver ? config('min-replicas-to-write') : undefined,
  ])
  const warnings: string[] = []

  const version = info.get('redis_version')
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (version !== undefined && (major < 6 || (major === 6 && minor < 2))) {
    warnings.push(`Redis ${version} is too old: 6.2 or newer is needed`)
  }
  const policy = info.get('maxmemory_policy')
  if (policy?.startsWith('allkeys-') === true && info.get('maxmemory') !== '0') {
    warnings.push(
      `Redis may evict counters when its memory is full (maxmemory-policy ${policy}); set it to noeviction`,
    )
  }
  if (save === '' && appendOnly === 'no') {
    warnings.push(
      'Redis keeps nothing on disk: a restart loses all counts; set "appendonly yes", or "save"',
    )
  }
  if (minReplicas === '0' && Number(info.get('connected_slaves') ?? 0) > 0) {
    warnings.push(
      'Redis acknowledges counts that no replica has, also when it has been deposed without knowing it; set "min-replicas-to-write 1" and "min-replicas-max-lag 1", or a long "loss_window"',
    )
  }
  return warnings
}

function parseInfo(text: string): Map<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )
}
