/** Each line of docs/guarantees.md has a test, and that test is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ROOT } from './markdown.ts'

/** A row of one of the page's tables: what is promised, and where that is tested. */
interface Promised {
  readonly promise: string
  readonly tests: readonly (readonly [file: string, title: string])[]
}

const page = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8')

function promisesOf(text: string): Promised[] {
  const rows = text.split('\n').filter((line) => /^\| (?!promise|what |-)/.test(line))
  return rows.map((row) => {
    const cells = row.split('|').map((cell) => cell.trim())
    const tests = (cells[4] ?? '').split('<br>').map((entry) => {
      const [, file = '', title = ''] = /^\[[^\]]+\]\(\.\.\/([^)]+)\): (.+)$/.exec(entry) ?? []
      return [file, title] as const
    })
    return { promise: `${cells[1]}: ${cells[2]}`, tests }
  })
}

describe('the guarantees', () => {
  const promises = promisesOf(page)

  it('are found', () => {
    expect(promises.length).toBeGreaterThan(20)
  })

  it('are listed once each', () => {
    const listed = promises.map((promised) => JSON.stringify(promised))
    expect(listed).toEqual([...new Set(listed)])
  })

  it.each(promises)('$promise, has its test', ({ tests }) => {
    for (const [file, title] of tests) {
      expect(existsSync(join(ROOT, file))).toBe(true)
      const source = readFileSync(join(ROOT, file), 'utf8')
      expect(source).not.toMatch(/\b(it|describe)\.(skip|todo|failing)\b/)
      // As a title, whatever the quotes are.
      const titles = [`'${title}'`, `"${title}"`, `\`${title}\``]
      expect({ file, title, found: titles.some((quoted) => source.includes(quoted)) }).toEqual({
        file,
        title,
        found: true,
      })
    }
  })
})
