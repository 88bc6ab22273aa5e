/**
 * Errors of Redis and of the way to it, in words that say what to do.
 */

/** What an error means for the operator and for the connection. */
export interface RedisProblem {
  /** Stays the same over repeats of one problem, so that it is reported once. */
  readonly kind: string
  /** What is wrong and what to do, to follow `Redis at …: `. */
  readonly message: string
  /** Whether someone has to change something: it will not pass by itself. */
  readonly refuses: boolean
  /** Whether another connection may do better than this one. */
  readonly reconnect: boolean
}

type Rule = readonly [
  pattern: RegExp,
  kind: string,
  message: string,
  refuses?: 'refuses',
  reconnect?: 'reconnect',
]

const RULES: readonly Rule[] = [
  [
    /sentinel.*(NOAUTH|WRONGPASS|NOPERM|password)/i,
    'sentinel password',
    'the sentinels refuse; check "username" and "password" under "redis.sentinel"',
    'refuses',
  ],
  [
    /sentinels do not know/,
    'sentinel name',
    'the sentinels do not know a primary by this name; check "redis.sentinel.name"',
    'refuses',
  ],
  [
    /unknown (redis )?command.*SENTINEL/i,
    'not a sentinel',
    'what answers there is no sentinel; name sentinels under "redis.sentinel.nodes", whose port is usually 26379',
    'refuses',
  ],
  [/no sentinel answers/, 'no sentinel', 'no sentinel answers; check "redis.sentinel.nodes"'],
  [
    /ECONNREFUSED/,
    'refused',
    'nothing listens there; is redis-server running, and is the port right?',
  ],
  [
    /ENOENT/,
    'no socket',
    'there is no such socket; is redis-server running, and is its "unixsocket" this one?',
  ],
  [
    /EACCES|EPERM/,
    'no access',
    'access to the socket is denied; check its "unixsocketperm" and your user',
    'refuses',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'unknown host', 'the host name cannot be resolved'],
  [
    /ETIMEDOUT|timed out/i,
    'time-out',
    'no answer; check the address, a firewall between, and whether the server is stuck',
  ],
  [/EHOSTUNREACH|ENETUNREACH/, 'unreachable', 'there is no route to that host'],
  [
    /WRONGPASS|invalid password|invalid username-password/i,
    'wrong password',
    'user name or password is wrong; check "redis.username" and "redis.password"',
    'refuses',
  ],
  [/NOAUTH/, 'no password', 'the server wants a password; set "redis.password"', 'refuses'],
  [
    /called without any password configured|without any password/i,
    'password',
    'the server has no password set, but "redis.password" is given',
    'refuses',
  ],
  [
    /DB index is out of range|invalid DB index/i,
    'no such db',
    'there is no such database; check "redis.db" against the server\'s "databases"',
    'refuses',
  ],
  [
    /NOPERM|No permissions|can't run this command|can't access at least one/i,
    'no permission',
    'the user may not do this; check its ACL',
    'refuses',
  ],
  [
    /max number of clients/i,
    'max clients',
    'the server has no connection left; raise its "maxclients"',
  ],
  [
    /^NOSCRIPT/,
    'no scripts',
    'the scripts of this version are not loaded, as after a restart; a running ecl-master loads them, or run "ecl-master CONFIG load-scripts" as a user who may',
  ],
  [/LOADING/, 'loading', 'the server is still loading its data; waiting for it'],
  [/BUSY /, 'busy', 'the server is busy with a script; waiting for it'],
  [
    /READONLY|not the primary/,
    'read-only',
    'the server is a read-only replica; connect to the primary',
  ],
  [/MASTERDOWN/, 'primary down', 'the server is a replica that has lost its primary'],
  [
    /OOM/,
    'out of memory',
    'the server is out of memory and refuses writes; raise its "maxmemory" or remove data',
  ],
  [
    /MISCONF/,
    'cannot persist',
    'the server refuses writes since it cannot save to disk; see its log',
  ],
  [
    /NOREPLICAS/,
    'too few replicas',
    'the server refuses writes while too few replicas are connected',
  ],
  [/^CLUSTERDOWN/, 'cluster down', 'the cluster does not serve all of its slots; waiting for it'],
  [
    /cluster_enabled|CROSSSLOT|MOVED|non local key|same slot/,
    'cluster',
    'the server is a node of a Redis Cluster; name nodes of it under "redis.cluster", instead of host and port',
    'refuses',
  ],
  [
    /cluster support disabled/,
    'no cluster',
    'the server is no node of a Redis Cluster; write host and port, instead of "cluster"',
    'refuses',
  ],
  [/^(ASK|TRYAGAIN) /, 'slot moving', 'the slot of the group is moving to another node'],
  [
    /unknown (redis )?command|unknown subcommand/i,
    'too old',
    'the server does not know a command; Redis 6.2 or newer is needed',
    'refuses',
  ],
  [
    /WRONGTYPE/,
    'wrong type',
    'a key that is reserved for the logger holds a value of another program; let that program use other keys',
    'refuses',
  ],
  [
    /alert certificate required|alert handshake failure/i,
    'client certificate',
    'the server wants a certificate of the client; set "redis.tls.cert" and "redis.tls.key"',
    'refuses',
  ],
  [
    /alert (bad certificate|unknown ca|certificate (expired|revoked|unknown)|unsupported certificate)/i,
    'client certificate',
    'the server does not accept the certificate of the client; check "redis.tls.cert"',
    'refuses',
  ],
  [
    /CERT_HAS_EXPIRED/,
    'certificate',
    'the certificate of the server, or of its authority, has expired; renew it',
    'refuses',
  ],
  [
    /ALTNAME/i,
    'certificate',
    'the certificate of the server is for another name; check "redis.host", or set "redis.tls.servername"',
    'refuses',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|CERT_|UNABLE_TO_GET_ISSUER|certificate/i,
    'certificate',
    'the certificate cannot be trusted; check "redis.tls.ca" and the host name',
    'refuses',
  ],
  [
    /WRONG_VERSION_NUMBER|EPROTO|packet length too long/i,
    'no TLS',
    'the server does not speak TLS there; remove "tls", or use its TLS port',
    'refuses',
  ],
  [
    /Protocol error|Unknown RESP type/i,
    'not Redis',
    'what answers there does not speak the Redis protocol',
    'refuses',
  ],
  [/ECONNRESET|EPIPE|closed|isn't writeable/i, 'lost', 'the connection was lost'],
]

/** Kinds after which a connection leads nowhere, though it is open. */
const DEAD_ENDS = new Set(['read-only', 'primary down', 'max clients'])

/** Says what an error of ioredis or of Node's sockets means. */
export function describeProblem(error: Error): RedisProblem {
  const text = describeText(error)
  for (const [pattern, kind, message, refuses] of RULES) {
    if (!pattern.test(text)) continue
    return {
      kind,
      message: `${message} (${firstLine(text)})`,
      refuses: refuses === 'refuses',
      reconnect: DEAD_ENDS.has(kind),
    }
  }
  return { kind: firstLine(text), message: firstLine(text), refuses: false, reconnect: false }
}

/** Message and code; an AggregateError (both addresses of a host refused) has them inside. */
function describeText(error: Error): string {
  if (error instanceof AggregateError) {
    const inner: unknown = error.errors[0]
    if (inner instanceof Error) return describeText(inner)
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return error.message.includes(code) ? error.message : `${error.message} ${code}`
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1)
  // Of OpenSSL's own text, which has the file and line of its source, the reason.
  return (/error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/i.exec(line)?.[1] ?? line).slice(0, 300)
}
