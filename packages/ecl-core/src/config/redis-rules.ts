import { hashTagProblem } from './hash-tag.ts'
import { parseNodeAddress } from './node-address.ts'
import { type Findings, isMapping, quote } from './problem.ts'
import { parseRedisUrl } from './redis-url.ts'

type Mapping = Readonly<Record<string, unknown>>

/**
 * The rules on the connection that a JSON Schema cannot say. What does not have its shape is left to the schema.
 *
 * @param redis the `redis:` of a config, in the schema's spelling
 */
export function checkRedis(redis: unknown, findings: Findings): void {
  if (typeof redis === 'string') {
    const url = parseRedisUrl(redis)
    if (typeof url === 'string') findings.fault(['redis'], url)
    return
  }
  if (!isMapping(redis)) return
  checkCombination(redis, findings)
  checkUrl(redis, findings)
  const { sentinel, cluster } = redis
  checkNodes(cluster, ['redis', 'cluster'], 6379, findings)
  if (isMapping(sentinel)) {
    checkNodes(sentinel['nodes'], ['redis', 'sentinel', 'nodes'], 26_379, findings)
  }
}

/**
 * In a Redis Cluster, all keys of a group have to be on one node.
 *
 * @param redis the `redis:` of a config, in the schema's spelling
 * @param groups its `groups:`
 */
export function checkHashTags(redis: unknown, groups: unknown, findings: Findings): void {
  if (!isMapping(redis) || redis['cluster'] === undefined || !isMapping(groups)) return
  for (const name of Object.keys(groups)) {
    const problem = hashTagProblem(name)
    if (problem !== undefined)
      findings.fault(['groups', name], `the name ${quote(name)} ${problem}`)
  }
}

/** Ways to say where Redis is, of which a config has one. */
function checkCombination(redis: Mapping, findings: Findings): void {
  const given = (...keys: string[]) => keys.filter((key) => redis[key] !== undefined)
  const refuse = (key: string, others: readonly string[], why: string) => {
    if (redis[key] === undefined || others.length === 0) return
    const beside = others.join(' and ')
    findings.fault(
      ['redis', key],
      `stands beside ${beside}; ${why}, so remove ${key}, or ${beside}`,
    )
  }
  refuse(
    'url',
    given('host', 'port', 'db', 'username', 'password', 'path', 'sentinel', 'cluster'),
    'the URL says where Redis is',
  )
  refuse('path', given('host', 'port'), 'a Unix socket has no host and port')
  refuse(
    'sentinel',
    given('host', 'port', 'path', 'cluster'),
    'the sentinels tell where the primary is',
  )
  refuse('cluster', given('host', 'port', 'path'), 'these nodes tell where the others are')
  if (redis['cluster'] !== undefined && typeof redis['db'] === 'number' && redis['db'] > 0) {
    findings.fault(
      ['redis', 'db'],
      `${redis['db']} is not there: a Redis Cluster has database 0 only`,
    )
  }
}

function checkUrl({ url, tls }: Mapping, findings: Findings): void {
  if (typeof url !== 'string' || url === '') return
  const parsed = parseRedisUrl(url)
  if (typeof parsed === 'string') findings.fault(['redis', 'url'], parsed)
  else if (parsed.tls && tls === false) {
    findings.fault(
      ['redis', 'tls'],
      'is off, where the URL has rediss://; write redis://, or remove tls',
    )
  }
}

function checkNodes(
  nodes: unknown,
  path: readonly string[],
  defaultPort: number,
  findings: Findings,
): void {
  if (!Array.isArray(nodes)) return
  nodes.forEach((node: unknown, index) => {
    if (typeof node !== 'string' || parseNodeAddress(node, defaultPort) !== undefined) return
    // Not shown: what does not look like an address may be a URL with a password in it.
    const found = node.trim() === '' ? 'is empty' : 'is not the address of a node'
    findings.fault([...path, index], `${found}; write HOST:PORT, such as redis1:${defaultPort}`)
  })
}
