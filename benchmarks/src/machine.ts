import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'

const MANIFEST = new URL('../package.json', import.meta.url)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PEERS = [
  'ioredis',
  'prom-client',
  '@opentelemetry/sdk-metrics',
  'statsd-client',
  'hot-shots',
] as const

/** Where and with what a run was made. */
export interface Machine {
  /** Day of the run, `2026-11-24`. */
  readonly date: string
  readonly commit: string
  readonly processors: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly redis: string
  readonly peers: Readonly<Record<string, string>>
  /** Processes that wanted to run, at the beginning of the run, by the machine's own account. */
  readonly load: number
}

/** Looks around. */
export function thisMachine(): Machine {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: output('git', ['-C', ROOT, 'describe', '--always', '--dirty']) || 'unknown',
    processors: `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: systemName(),
    node: process.versions.node,
    redis: /v=(\S+)/.exec(output(redisBinary(), ['--version']))?.[1] ?? 'unknown',
    peers: Object.fromEntries(PEERS.map((name) => [name, versionOf(name)])),
    load: os.loadavg()[0] ?? 0,
  }
}

/** In one paragraph. */
export function describeMachine(machine: Machine, rounds: number): string {
  const { date, commit, processors, memoryGiB, system, node, redis, peers } = machine
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  return (
    `Measured on ${date} at commit ${commit}, in ${rounds} rounds, on ${processors}, ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}, Redis ${redis}; ${versions.join(', ')}.`
  )
}

/** What is to be said of a machine that has something else to do; undefined where it is quiet. */
export function unrest({ load }: Machine): string | undefined {
  if (load < os.availableParallelism() * 0.3) return undefined
  return `this machine has other work to do (load ${load.toFixed(1)}): figures scatter, and ratios are off`
}

function redisBinary(): string {
  const given = process.env['ECL_REDIS_SERVER'] ?? ''
  return given === '' ? 'redis-server' : given
}

function systemName(): string {
  try {
    const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
    if (name !== undefined) return name
  } catch {
    // Not a Linux, or an odd one.
  }
  return `${os.type()} ${os.release()}`
}

function versionOf(name: string): string {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as {
    dependencies: Record<string, string>
  }
  const wanted = manifest.dependencies[name] ?? ''
  if (/^\d/.test(wanted)) return wanted
  const installed = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(installed, 'utf8')) as { version: string }).version
}

function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
