import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from '@jest/globals'
import { loadConfig } from './load-config.ts'
import { resolveGroups } from './resolve-groups.ts'

/** A config with something after `redis:`, in line 1. */
function withRedis(redis: string): string {
  return `redis: ${redis}\ngroups: {web: {events: [a], intervals: [5m]}}\n`
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

describe('loadConfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ecl-config-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('loads a config in the shape of a deployed data platform', async () => {
    const { groups, backend, warnings } = await loadConfig(fixture('data-platform.yml'))
    expect(backend).toEqual({ host: 'localhost', port: 6379, db: 1 })
    expect(Object.keys(groups)).toEqual(['te', 'tasks_by_src'])
    expect(groups['tasks_by_src']).toEqual({
      events: [],
      auto_declare_events: true,
      intervals: ['5m', '2h'],
      sync_interval: 1,
    })
    expect(warnings).toEqual([])
  })

  it('loads one with hyphens for underscores, and warns of each', async () => {
    const file = fixture('threat-db.yml')
    const { groups, warnings } = await loadConfig(file)
    expect(groups['rec_ops']?.sync_interval).toBe(1)
    expect(groups['web_endpoints']?.events).toContain('/ajax/fetch_ip_data')
    const hint = 'is spelled "sync-interval"; it works, but write it with "_"'
    expect(warnings).toEqual([
      `${file}:12: groups.rec_ops.sync_interval: ${hint}`,
      `${file}:29: groups.web_endpoints.sync_interval: ${hint}`,
      `${file}:41: groups.web_errors.sync_interval: ${hint}`,
    ])
  })

  it('loads the example without a warning, with the groups of the original', async () => {
    const example = fileURLToPath(new URL('../../../../example_config.yml', import.meta.url))
    const { groups, backend, warnings } = await loadConfig(example, { env: {} })
    expect(warnings).toEqual([])
    expect(backend).toEqual({ host: 'localhost', port: 6379, db: 0 })
    expect(groups).toMatchObject({
      group1: {
        events: ['event1', 'event2'],
        intervals: ['10s', '1m'],
        sync_interval: 2,
        sync_limit: 5,
      },
      group2: { events: [], auto_declare_events: true, intervals: ['30s'] },
    })
    expect(resolveGroups(groups)).toHaveLength(4)
  })

  it('counts the names of TLS files from the folder of the config', async () => {
    const file = join(folder, 'tls', 'ecl.yml')
    mkdirSync(join(folder, 'tls'))
    writeFileSync(file, withRedis('{tls: {ca: certs/ca.pem, key: /etc/key.pem, servername: r}}'))
    const { backend } = await loadConfig(file)
    expect(backend).toEqual({
      tls: {
        ca: join(folder, 'tls', 'certs', 'ca.pem'),
        key: resolve('/etc/key.pem'),
        servername: 'r',
      },
    })
  })

  it('reads variables from the environment of the process unless it is given another', async () => {
    const file = join(folder, 'env.yml')
    writeFileSync(file, withRedis('{username: "${PATH}"}'))
    expect((await loadConfig(file)).backend).toEqual({ username: process.env['PATH'] })
    expect((await loadConfig(file, { env: { PATH: 'x' } })).backend).toEqual({ username: 'x' })
  })

  it('names the file as it was given, also where there is none', async () => {
    await expect(loadConfig('missing/ecl.yml')).rejects.toThrow(/^missing\/ecl\.yml: no such file$/)
  })
})
