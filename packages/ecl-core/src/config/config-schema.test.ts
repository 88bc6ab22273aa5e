import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { Ajv, type ValidateFunction } from 'ajv'
import fc from 'fast-check'
import { parseInterval } from '../interval.ts'
import { eventIdProblem, groupNameProblem } from '../names.ts'
import { KEYS } from './config-keys.ts'

const schemaFile = new URL('../../schema/config.schema.json', import.meta.url)
const script = new URL('../../../../scripts/compile-config-schema.mjs', import.meta.url)
const schema: unknown = JSON.parse(await readFile(schemaFile, 'utf8'))

/** The published schema, as an editor uses it. */
function editorsValidator(): ValidateFunction {
  if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object')
  return new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema)
}

/** The keys of the mapping to which a path within the schema leads. */
function keysAt(...path: string[]): string[] {
  let found: unknown = schema
  for (const step of path) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  }
  return Object.keys(found ?? {})
}

function withGroup(group: object, name = 'web'): object {
  return { groups: { [name]: { events: ['a'], intervals: ['5m'], ...group } } }
}

describe('the published schema', () => {
  it('is what the validator in the sources was compiled from', async () => {
    const run = promisify(execFile)(process.execPath, [fileURLToPath(script), '--check'])
    await expect(run).resolves.toMatchObject({ stderr: '' })
  })

  it('has the keys that the messages know', () => {
    expect(keysAt('properties')).toEqual(KEYS.root)
    expect(keysAt('definitions', 'redis', 'properties')).toEqual(KEYS.redis)
    expect(keysAt('definitions', 'sentinel', 'properties')).toEqual(KEYS.sentinel)
    expect(keysAt('definitions', 'tls', 'anyOf', '0', 'properties')).toEqual(KEYS.tls)
    expect(keysAt('definitions', 'group', 'properties')).toEqual(KEYS.group)
    const history = keysAt('definitions', 'history', 'properties')
    expect(history).toEqual(KEYS.history)
    const bounds = ['definitions', 'history', 'properties', 'keep_unarchived', 'properties']
    expect(keysAt(...bounds)).toEqual(KEYS.unarchived)
  })

  it('lets an editor accept variables, and text that YAML takes for a number or a boolean', () => {
    const validate = editorsValidator()
    const group = {
      events: [200, true, '${EVENT}'],
      intervals: ['${INTERVAL:-5m}', '.5h'],
      auto_declare_events: '${DYNAMIC}',
      sync_interval: '${SECONDS:-2}',
    }
    const redis = { port: '${PORT}', password: 12345, host: '${HOST:-localhost}', tls: '${TLS}' }
    expect(validate({ redis, groups: { web: group } })).toBe(true)
    expect(validate({ redis: '${REDIS_URL}', groups: null })).toBe(true)
    expect(validate(withGroup({ sync_limit: '5' }))).toBe(false)
  })

  it('knows the names of events and groups, and intervals, as the library does', () => {
    const validate = editorsValidator()
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('@a', 'a@', 'a:b', '{a}', '[', '^', 'a\\', '\u0085', 'é', '\u2028', '\u00a0'),
    )
    // A lone "${" is none of the library's business; to the schema it begins a variable.
    const length = fc
      .string({ unit: fc.constantFrom(...'0123456789.smhSMHx -'), maxLength: 5 })
      .filter((text) => {
        const interval = parseInterval(text)
        return !('problem' in interval) || interval.problem.startsWith('is not an interval')
      })
    fc.assert(
      fc.property(name, length, (text, interval) => {
        expect(validate(withGroup({ events: [text] }))).toBe(eventIdProblem(text) === undefined)
        expect(validate(withGroup({}, text))).toBe(groupNameProblem(text) === undefined)
        const isInterval = !('problem' in parseInterval(interval))
        expect(validate(withGroup({ intervals: [interval] }))).toBe(isInterval)
      }),
      { numRuns: 500 },
    )
  })
})
