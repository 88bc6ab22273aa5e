import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A page of the documentation. */
export interface Page {
  /** Relative to the repository. */
  readonly name: string
  readonly file: string
  readonly text: string
}

/** A fenced block of a page. */
export interface Block {
  readonly page: Page
  /** What follows the fence, such as `ts`. */
  readonly language: string
  readonly text: string
  /** Line of its first line in the page, counted from 1. */
  readonly line: number
}

/** All pages: those at the root, of `docs`, of the benchmarks and of the packages. */
export function allPages(): Page[] {
  const packages = readdirSync(join(ROOT, 'packages'))
  const folders = [
    '.',
    'docs',
    'docs/adr',
    'benchmarks',
    ...packages.map((name) => join('packages', name)),
  ]
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => readPage(join(folder, name))),
  )
}

/** @param name relative to the repository */
export function readPage(name: string): Page {
  const file = join(ROOT, name)
  return { name, file, text: readFileSync(file, 'utf8') }
}

const FENCED = /^( *)```(\w*)\n(.*?)^\1```$/gms

/** The fenced blocks of a page, also those in lists. */
export function blocksOf(page: Page): Block[] {
  return Array.from(page.text.matchAll(FENCED), (match) => {
    const [, indent = '', language = '', content = ''] = match
    const line = page.text.slice(0, match.index).split('\n').length + 1
    return { page, language, text: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), line }
  })
}

/** What is wrong with the relative links of a page: one line each. */
export function brokenLinks(page: Page): string[] {
  const prose = page.text.replaceAll(FENCED, '').replaceAll(/`[^`\n]*`/g, '``')
  const defined = new Map(
    Array.from(prose.matchAll(/^\[([^\]]+)\]: (\S+)$/gm), ([, name = '', to = '']) => [name, to]),
  )
  const problems: string[] = []
  for (const [, name = ''] of prose.matchAll(/\]\[([^\]]+)\]/g)) {
    if (!defined.has(name)) problems.push(`${page.name}: [${name}] is not defined`)
  }
  const inline = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => to)
  for (const link of [...inline, ...defined.values()]) {
    const problem = /^[a-z]+:/.test(link) ? undefined : problemOf(link, page)
    if (problem !== undefined) problems.push(`${page.name}: ${link} ${problem}`)
  }
  return problems
}

function problemOf(link: string, page: Page): string | undefined {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page.file : resolve(dirname(page.file), path)
  const name = relative(ROOT, file)
  if (name.startsWith('..')) return 'leads out of the repository'
  if (!existsSync(file)) return 'does not exist'
  if (anchor === undefined) return undefined
  return anchorsOf(readPage(name)).has(anchor) ? undefined : 'is no heading there'
}

/** As GitHub makes them. */
function anchorsOf(page: Page): Set<string> {
  const headings = page.text.replaceAll(FENCED, '').matchAll(/^#+ (.+)$/gm)
  return new Set(
    Array.from(headings, ([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
