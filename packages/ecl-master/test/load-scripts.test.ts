import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Fixture, GROUPS } from './fixture.ts'
import { runToEnd } from './running-command.ts'

const fixture = new Fixture()

describe('load-scripts', () => {
  it('loads the scripts as a user who may do nothing else, so that one who may load none can rotate', async () => {
    const redis = await fixture.startRedis()
    const { client } = redis
    await client.call('ACL', 'SETUSER', 'operator', 'on', '>p', '+info', '+script|load')
    const rules = ['on', '>p', '~*', '+@all', '-eval', '-script']
    await client.call('ACL', 'SETUSER', 'master', ...rules)
    const configFor = (username: string) =>
      fixture.config(
        `redis: {path: ${redis.socket}, username: ${username}, password: p}\n${GROUPS}\n`,
        `${username}.yml`,
      )
    const master = configFor('master')
    const before = await runToEnd('--once', master)
    expect(before).toMatchObject({ code: 3, stdout: '' })
    expect(before.stderr).toContain('run "ecl-master CONFIG load-scripts" as a user who may')
    expect(await runToEnd('--check', master)).toMatchObject({ code: 3 })
    const refused = await runToEnd(master, 'load-scripts')
    expect(refused).toMatchObject({ code: 3, stdout: '' })
    expect(refused.stderr).toContain("'script|load'")

    const operator = configFor('operator')
    const loaded = await runToEnd(operator, 'load-scripts')
    expect(loaded).toMatchObject({ code: 0, stderr: '' })
    expect(loaded.stdout).toMatch(/^.*operator\.yml: \d+ scripts loaded at \/.*r\.sock\n$/)
    expect(await runToEnd('--once', master)).toMatchObject({ code: 0 })
    expect(await client.exists('g:1s:cur:@ts')).toBe(1)
    expect(await runToEnd('--check', master)).toMatchObject({ code: 0 })
  })

  it('has nothing to do where the counts are in a file', async () => {
    const file = fixture.config(`store: sqlite:${join(fixture.directory, 'c.db')}\n${GROUPS}\n`)
    const { code, stdout } = await runToEnd(file, 'load-scripts')
    expect([code, stdout]).toEqual([0, `${file}: this store has no scripts to load\n`])
  })

  it.each([
    [['ecl.yml', 'load-scripts', 'more'], 'load-scripts takes no logger'],
    [['ecl.yml', 'load-scripts', '--once'], 'load-scripts takes no options'],
    [['ecl.yml', 'load'], 'there are acknowledge and load-scripts'],
  ])('%j is wrong use', async (args, message) => {
    const { code, stderr } = await runToEnd(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
