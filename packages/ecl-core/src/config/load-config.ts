import { dirname, resolve } from 'node:path'
import { ConfigError } from '../errors.ts'
import { checkConfig } from './check-config.ts'
import type { LoadedConfig, RedisConfig, RedisTlsConfig } from './config-types.ts'
import { type Located, locate, showLocated, toValue } from './located.ts'
import { formatProblem, type Problem } from './problem.ts'
import { readConfigFile } from './read-config-file.ts'
import { readYaml, type YamlProblem } from './read-yaml.ts'

/** What `loadConfig` may be told. */
export interface LoadConfigOptions {
  /** Where `${NAME}` is looked up. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined
}

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
 * Reads, checks and completes a config file.
 *
 * @param file its name
 * @param options the environment, where it is not the process's
 * @returns the groups and the connection in the YAML's shape, for `new EventCountLogger(groups, backend)`, and
 *   warnings, which are for the caller to print. Names of TLS files are absolute.
 * @throws ConfigError with every fault of the file, one line each, sorted by line
 */
export async function loadConfig(
  file: string,
  options: LoadConfigOptions = {},
): Promise<LoadedConfig> {
  const text = await readConfigFile(file)
  const config = parseConfig(text, { file, env: options.env ?? process.env })
  return { ...config, backend: withAbsoluteFiles(config.backend, dirname(resolve(file))) }
}

/**
 * The part of `loadConfig` that touches nothing outside: text → config. Names of TLS files stay as written.
 *
 * @param text the content of a config file
 * @param source the file's name and the environment
 * @throws ConfigError as `loadConfig` does
 */
export function parseConfig(text: string, source: ConfigSource): LoadedConfig {
  const { root, problems: yamlProblems } = readYaml(text, source.env)
  if (root === undefined) {
    const empty = {
      line: undefined,
      message: 'is empty; a config needs "groups:", see the example',
    }
    throw configError(source.file, yamlProblems.length > 0 ? yamlProblems : [empty])
  }
  const show = (path: Problem['path'], value: unknown): string => showLocated(root, path, value)
  const { config, problems, warnings } = checkConfig(toValue(root), show)
  const faults = [...yamlProblems, ...located(root, problems)]
  if (config === undefined || faults.length > 0) throw configError(source.file, faults)
  return {
    groups: config.groups ?? {},
    backend: config.redis ?? {},
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

function withAbsoluteFiles(backend: RedisConfig | string, folder: string): RedisConfig | string {
  if (typeof backend === 'string' || typeof backend.tls !== 'object') return backend
  const { ca, cert, key } = backend.tls
  const tls: RedisTlsConfig = {
    ...backend.tls,
    ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
    ...(cert === undefined ? {} : { cert: resolve(folder, cert) }),
    ...(key === undefined ? {} : { key: resolve(folder, key) }),
  }
  return { ...backend, tls }
}
