import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { READER, read } from './reader-process.ts'

let directory: string
let config: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecl-completion-'))
  config = join(directory, 'ecl.yml')
  writeFileSync(
    config,
    `groups:
  web: {events: [req1, "two words", "$(id)"], intervals: [5s, 5m]}
  jobs: {events: [done], intervals: [1h, 5m]}
`,
  )
  const command = join(directory, 'ecl-reader')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${READER}' "$@"\n`)
  chmodSync(command, 0o755)
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('--list prints', () => {
  it.each([
    ['groups', [], 'web\njobs\n'],
    ['intervals', [], '5s\n5m\n1h\n'],
    ['intervals', ['-g', 'jobs'], '1h\n5m\n'],
    ['events', ['-g', 'web'], 'req1\ntwo words\n$(id)\n'],
  ])('%s %j', async (what, args, stdout) => {
    expect(await read(config, '--list', what, ...args)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('nothing for a group that is not there', async () => {
    const ended = await read(config, '--list', 'events', '-g', 'nope')
    expect(ended).toMatchObject({ code: 1, stdout: '' })
  })
})

/** What bash offers for the last word. */
function completeInBash(...words: string[]): string[] {
  const script = `
    eval "$(ecl-reader --completion bash)"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _ecl_reader
    ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`
  const output = execFileSync('bash', ['-c', script, 'bash', 'ecl-reader', ...words], {
    cwd: directory,
    env: { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH']}` },
    encoding: 'utf8',
  })
  return output.split('\n').filter((line) => line !== '')
}

describe('bash completes', () => {
  it.each([
    ['the config', ['ecl.'], ['ecl.yml']],
    ['options', ['ecl.yml', '--cu'], ['--current']],
    ['groups', ['ecl.yml', '-g', ''], ['web', 'jobs']],
    ['groups by their beginning', ['ecl.yml', '--group', 'j'], ['jobs']],
    ['intervals of the group', ['ecl.yml', '-g', 'jobs', '-i', ''], ['1h', '5m']],
    [
      'events, quoted',
      ['ecl.yml', '-g', 'web', '--event', ''],
      ['req1', 'two\\ words', '\\$\\(id\\)'],
    ],
    ['formats', ['ecl.yml', '--format', 'p'], ['plain', 'prometheus']],
    ['no names without a config', ['-g', ''], []],
  ])('%s', (_what, words, expected) => {
    expect(completeInBash(...words)).toEqual(expected)
  })
})

it('has scripts for zsh and fish, with every option', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { code, stdout } = await read('--completion', shell)
    expect(code).toBe(0)
    expect(stdout).toMatch(/names groups/)
    expect(stdout).toMatch(/names intervals/)
    expect(stdout).toMatch(/defuse-formulas/)
  }
})

it('wants a config where it is to read', async () => {
  expect(await read('-g', 'web')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/missing required argument 'config'/),
  })
})
