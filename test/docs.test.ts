/**
 * What the documentation says is true, as far as a machine can tell: its code compiles and runs, its links lead
 * somewhere, its faulty configs get the messages that it shows, and no option is left out.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ConfigError } from 'ecl-core'
import { parseConfig } from '../packages/ecl-core/src/config/parse-config.ts'
import { allPages, type Block, blocksOf, brokenLinks, ROOT, readPage } from './markdown.ts'

const run = promisify(execFile)
const pages = allPages()
const blocks = pages.flatMap(blocksOf)

describe('the documentation', () => {
  it('is found', () => {
    expect(pages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['README.md', 'docs/protocol.md', 'packages/ecl-core/README.md']),
    )
  })

  it.each(pages.map((page) => [page.name, page] as const))('%s has no broken link', (_, page) => {
    expect(brokenLinks(page)).toEqual([])
  })
})

/** Every `ts` and `js` block is compiled, as a module of its own; those that assert something are run, too. */
describe('code in the documentation', () => {
  const code = blocks.filter(({ language }) => language === 'ts' || language === 'js')
  // Within the repository, so that packages are found as by a user at its root: built, by their names.
  const folder = join(ROOT, 'node_modules/.cache/ecl/docs')
  let complaints: string

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const block of code) writeFileSync(join(folder, fileName(block)), asModule(block))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compilerConfig()))
    // What an example uses, and the root does not have.
    mkdirSync(join(folder, 'node_modules'))
    for (const used of ['ecl-core/node_modules/ioredis', 'ecl-command/node_modules/pino']) {
      symlinkSync(join(ROOT, 'packages', used), join(folder, 'node_modules', basename(used)))
    }
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    complaints = await run(process.execPath, [compiler, '-p', folder, '--pretty', 'false']).then(
      ({ stdout }) => stdout,
      (failed: { readonly stdout: string }) => failed.stdout,
    )
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is there', () => {
    expect(code.length).toBeGreaterThan(5)
  })

  it.each(code.map((block) => [nameOf(block), block] as const))('%s compiles', (_, block) => {
    const own = complaints.split('\n').filter((line) => line.includes(fileName(block)))
    expect(own).toEqual([])
  })

  it('compiles with nothing else to complain of', () => {
    expect(complaints).toBe('')
  })

  const asserting = code.filter(({ text }) => text.includes("from 'node:assert/strict'"))
  it.each(asserting.map((block) => [nameOf(block), block] as const))(
    '%s does what it asserts',
    async (_, block) => {
      const file = join(folder, 'out', fileName(block).replace(/ts$/, 'js'))
      await expect(run(process.execPath, [file])).resolves.toEqual({ stdout: '', stderr: '' })
    },
  )

  /** Line numbers are those of the page. */
  function asModule({ text, line }: Block): string {
    return '\n'.repeat(line - 1) + text
  }

  function fileName({ page, language, line }: Block): string {
    return `${page.name.replaceAll(/[/.]/g, '-')}-${line}.${language}`
  }

  function nameOf({ page, line }: Block): string {
    return `${page.name}:${line}`
  }

  function compilerConfig() {
    return {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        declaration: false,
        declarationMap: false,
        sourceMap: false,
        allowJs: true,
        checkJs: true,
        moduleDetection: 'force',
        noUnusedLocals: false,
        rootDir: folder,
        outDir: join(folder, 'out'),
      },
      include: [folder],
      exclude: [join(folder, 'out')],
    }
  }
})

/** A `yaml` block is a config. What it is told follows in a `text` block whose lines begin with `ecl.yml:`. */
describe('configs in the documentation', () => {
  const configs = pages.flatMap((page) => {
    const own = blocksOf(page)
    return own.flatMap((block, index) => {
      if (block.language !== 'yaml') return []
      const next = own[index + 1]?.text ?? ''
      const said = next.startsWith('ecl.yml:') ? next.trimEnd().split('\n') : []
      return [[`${page.name}:${block.line}`, block.text, said] as const]
    })
  })

  it.each(configs)('%s is told what is shown', (_, text, said) => {
    expect(messagesOf(text)).toEqual(said)
  })

  function messagesOf(text: string): readonly string[] {
    try {
      return parseConfig(text, { file: 'ecl.yml', env: {} }).warnings
    } catch (caught) {
      if (caught instanceof ConfigError) return caught.problems
      throw caught
    }
  }
})

describe('the options of the config', () => {
  const schema = readFileSync(join(ROOT, 'packages/ecl-core/schema/config.schema.json'), 'utf8')
  const options = [...new Set(propertiesIn(JSON.parse(schema)))]
  const configuration = readPage('docs/configuration.md').text
  const example = readFileSync(join(ROOT, 'example_config.yml'), 'utf8')

  it.each(options)('%s is described, and has its place in the example', (option) => {
    expect(configuration).toMatch(new RegExp(`^#+ ${option}$|^\\|[^|]*\`${option}\``, 'm'))
    expect(example).toMatch(new RegExp(`^[# ]*${option}:`, 'm'))
  })

  function propertiesIn(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, part]) => {
      // Examples and defaults are values, not schemas.
      if (key === 'examples' || key === 'default') return []
      const own = key === 'properties' ? Object.keys(part as object) : []
      return [...own, ...propertiesIn(part)]
    })
  }
})

describe('the options of a command', () => {
  const bins = readdirSync(join(ROOT, 'packages')).flatMap((name) => {
    const manifest = readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')
    const { bin = {} } = JSON.parse(manifest) as { bin?: Record<string, string> }
    return Object.values(bin).map((file) => [name, join('packages', name, file)] as const)
  })

  it.each([...bins, ['ecl-demo', 'packages/ecl-demo/dist/main.js'] as const])(
    '%s: all are in its README',
    async (name, file) => {
      const { stdout } = await run(process.execPath, [join(ROOT, file), '--help'])
      const readme = readPage(join('packages', name, 'README.md')).text
      const missing = optionsIn(stdout).filter(
        (option) => !new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(readme),
      )
      expect(missing).toEqual([])
    },
  )

  /** Those that all commands have are described with the commands, in the README of the project. */
  function optionsIn(help: string): string[] {
    const lines = help.split('\n').filter((line) => /^ {2}-/.test(line))
    const options = lines.flatMap((line) => line.match(/(?<=^ {2}|, )--?[a-z][a-z-]*/gi) ?? [])
    return options.filter((option) => !['-V', '--version', '-h', '--help'].includes(option))
  }
})
