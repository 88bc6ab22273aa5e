import { ConfigError } from '../errors.ts'
import { checkConfig } from './check-config.ts'
import type { LoadedConfig } from './config-types.ts'
import { type Located, locate, showLocated, toValue } from './located.ts'
import { formatProblem, type Path, type Problem } from './problem.ts'
import { readYaml, type YamlProblem } from './read-yaml.ts'

/** Where a text that is parsed comes from. */
export interface ConfigSource {
  /** The file's name, for messages. */
  readonly file: string
  /** Where `${NAME}` is looked up. */
  readonly env: NodeJS.ProcessEnv
}

const EMPTY =
  'is empty; a config needs "groups", such as groups: {web: {events: [hit, error], intervals: [5m]}}'

/**
 * The part of `loadConfig` that touches nothing outside: text → config. Names of files stay as written.
 *
 * @param text the content of a config file
 * @param source the file's name and the environment
 * @throws ConfigError as `loadConfig` does
 */
export function parseConfig(text: string, source: ConfigSource): LoadedConfig {
  const { root, problems: yamlProblems } = readYaml(text, source.env)
  if (root === undefined) {
    const empty = { line: undefined, message: EMPTY }
    throw configError(source.file, yamlProblems.length > 0 ? yamlProblems : [empty])
  }
  const show = (path: Path, value: unknown): string => showLocated(root, path, value)
  const { config, problems, warnings } = checkConfig(toValue(root), show)
  const faults = [...yamlProblems, ...located(root, problems)]
  if (config === undefined || faults.length > 0) throw configError(source.file, faults)
  return {
    groups: config.groups ?? {},
    backend: config.store ?? config.redis ?? {},
    history: config.history,
    warnings: formatLines(source.file, located(root, warnings)),
  }
}

/** Gives problems their lines, and leaves out what only follows from a value that could not be read. */
function located(root: Located, problems: readonly Problem[]): YamlProblem[] {
  return problems.flatMap((problem) => {
    const { line, node } = locate(root, problem.path)
    return node?.kind === 'nothing' ? [] : [{ line, message: formatProblem(problem) }]
  })
}

function configError(file: string, problems: readonly YamlProblem[]): ConfigError {
  return new ConfigError(formatLines(file, problems))
}

/** One line for each problem, in the order of the file. */
function formatLines(file: string, problems: readonly YamlProblem[]): string[] {
  return [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ line, message }) => `${file}:${line === undefined ? '' : `${line}:`} ${message}`)
}
