import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './markdown.ts'

/** `ACL SETUSER name rule …`, as the page has it. */
export interface User {
  readonly name: string
  readonly rules: readonly string[]
  readonly password: string
  readonly commands: readonly string[]
}

/** The users of docs/security.md: those of the first block, or of the first ones, in the order of the page. */
export function usersOfThePage(blocks = 1): User[] {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
  const found = [...page.matchAll(/```text\n(ACL SETUSER [^`]+)```/g)].slice(0, blocks)
  return found
    .flatMap(([, block = '']) => block.split(/^ACL SETUSER /m).slice(1))
    .map((text) => {
      const [name = '', ...rules] = text.trim().split(/\s+/)
      const password = rules.find((rule) => rule.startsWith('>'))?.slice(1) ?? ''
      const commands = rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1))
      return { name, rules, password, commands }
    })
}
