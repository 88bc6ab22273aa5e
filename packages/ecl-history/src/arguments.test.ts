import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { parseArguments } from './arguments.ts'

/** 2026-11-22T18:50:07Z */
const NOW_MS = 1_795_373_407_000
let stderr: string

beforeEach(() => {
  stderr = ''
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text)
    return true
  })
})
afterEach(() => {
  jest.restoreAllMocks()
})

function requestOf(...args: string[]) {
  const parsed = parseArguments(['node', 'ecl-history', ...args], NOW_MS)
  return parsed.status === 'request' ? parsed.request : parsed.status
}

describe('the command line', () => {
  it('asks for the counts of a day where nothing else is said', () => {
    expect(requestOf('ecl.yml', '-g', 'web')).toEqual({
      command: 'query',
      config: 'ecl.yml',
      group: 'web',
      interval: undefined,
      events: [],
      step: undefined,
      top: undefined,
      zone: 'UTC',
      format: 'plain',
      defuseFormulas: false,
      range: { from: 1_795_287_000, to: 1_795_373_460 },
    })
  })

  it('takes times in the zone that it names', () => {
    expect(
      requestOf('ecl.yml', '-g', 'web', '--from', '2026-11-22', '--zone', 'Europe/Prague'),
    ).toMatchObject({
      range: { from: Date.UTC(2026, 10, 21, 23) / 1000, to: NOW_MS / 1000 },
      zone: 'Europe/Prague',
    })
  })

  it('takes options before and behind a command', () => {
    const expected = { command: 'gaps', group: 'web', interval: '5s', json: true }
    expect(requestOf('ecl.yml', 'gaps', '-g', 'web', '-i', '5s', '--format', 'json')).toMatchObject(
      expected,
    )
    expect(requestOf('ecl.yml', '-g', 'web', '-i', '5s', '--format', 'json', 'gaps')).toMatchObject(
      expected,
    )
  })

  it('exports everything unless a time is given', () => {
    expect(requestOf('ecl.yml', 'export')).toMatchObject({
      command: 'export',
      csv: false,
      range: undefined,
    })
    expect(requestOf('ecl.yml', 'export', '--since', '1s', '--format', 'csv')).toMatchObject({
      csv: true,
      range: { to: NOW_MS / 1000, from: NOW_MS / 1000 - 1 },
    })
  })

  it('tells the state of the archiving by a command of its own or by an option', () => {
    const expected = { command: 'archive', mode: 'status' }
    expect(requestOf('ecl.yml', 'status')).toMatchObject(expected)
    expect(requestOf('ecl.yml', '--status')).toMatchObject(expected)
    expect(requestOf('ecl.yml', 'archive', '--status')).toMatchObject(expected)
    expect(requestOf('ecl.yml', 'archive', '--once')).toMatchObject({ mode: 'once' })
    expect(requestOf('ecl.yml', 'archive', '-v')).toMatchObject({ mode: 'daemon', verbose: true })
  })

  it('lists dead letters, and puts back those that are named, or all', () => {
    expect(requestOf('ecl.yml', 'dead')).toMatchObject({ command: 'dead', replay: false })
    expect(requestOf('ecl.yml', 'dead', 'replay')).toMatchObject({ replay: true, ids: [] })
    expect(requestOf('ecl.yml', 'dead', 'replay', '5-1', '6-1')).toMatchObject({
      ids: ['5-1', '6-1'],
    })
  })

  it('imports from a file or stdin', () => {
    expect(requestOf('ecl.yml', 'import', 'h.ndjson')).toMatchObject({ file: 'h.ndjson' })
    expect(requestOf('ecl.yml', 'import')).toMatchObject({ file: undefined })
    expect(requestOf('ecl.yml', 'import', '-')).toMatchObject({ file: undefined })
  })

  it.each([
    [[], "missing required argument 'config'"],
    [['ecl.yml'], "required option '-g, --group <group>' not specified"],
    [['ecl.yml', 'gasp'], '"gasp" is no command; there are: archive, status, gaps'],
    [['ecl.yml', 'migrate', 'now'], '"now": migrate takes nothing more'],
    [['ecl.yml', 'migrate', '-g', 'web'], "option '--group' cannot be used with migrate"],
    [['ecl.yml', '-g', 'web', '--once'], "option '--once' cannot be used without a command"],
    [
      ['ecl.yml', 'gaps', '--format', 'chart'],
      "option '--format chart' cannot be used with gaps; there are: plain, json",
    ],
    [['ecl.yml', '-g', 'web', '--since', '24'], "option '--since 24' is no length of time"],
    [
      ['ecl.yml', '-g', 'web', '--since', '1h', '--to', 'now'],
      "option '--since' cannot be used with '--from' or '--to'",
    ],
    [['ecl.yml', '-g', 'web', '--from', 'noon'], "option '--from noon' is no time"],
    [['ecl.yml', '-g', 'web', '--from', 'now'], "'--from' is not before '--to'"],
    [['ecl.yml', '-g', 'web', '--zone', 'Mars'], "option '--zone Mars' is no time zone"],
    [['ecl.yml', '-g', 'web', '--step', '5'], "option '--step 5' is no step"],
    [['ecl.yml', '-g', 'web', '--top', '0'], 'It is not a whole number from 1 on.'],
    [['ecl.yml', '-g', 'web', '--defuse-formulas'], "'--defuse-formulas' is for '--format csv'"],
    [
      // What is exported can be imported, with the names that it had.
      ['ecl.yml', 'export', '--format', 'csv', '--defuse-formulas'],
      "option '--defuse-formulas' cannot be used with export",
    ],
    [['ecl.yml', 'dead', 'replace'], 'write dead list, or dead replay [ID …]'],
    [['ecl.yml', 'import', 'a', 'b'], '"b": import takes one file'],
  ])('%j is wrong', (args, message) => {
    expect(requestOf(...args)).toBe('wrong')
    expect(stderr).toContain(message)
    expect(stderr).toContain('(--help tells more)')
  })
})
