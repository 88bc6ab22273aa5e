import { dirname, resolve } from 'node:path'
import { sqliteBackend, sqliteFile } from '../store/sqlite-backend.ts'
import type { LoadedConfig, RedisConfig, RedisTlsConfig } from './config-types.ts'
import { parseConfig } from './parse-config.ts'
import { readConfigFile } from './read-config-file.ts'

/** What `loadConfig` may be told. */
export interface LoadConfigOptions {
  /** Where `${NAME}` is looked up. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined
}

/**
 * Reads, checks and completes a config file.
 *
 * @param file its name
 * @param options the environment, where it is not the process's
 * @returns the groups and the connection in the YAML's shape, for `new EventCountLogger(groups, backend)`, and
 *   warnings, which are for the caller to print. Names of files are absolute.
 * @throws ConfigError with every fault of the file, one line each, sorted by line
 */
export async function loadConfig(
  file: string,
  options: LoadConfigOptions = {},
): Promise<LoadedConfig> {
  const text = await readConfigFile(file)
  const config = parseConfig(text, { file, env: options.env ?? process.env })
  const folder = dirname(resolve(file))
  const { backend, history } = config
  return {
    ...config,
    backend: withAbsoluteFiles(backend, folder),
    history: history && { ...history, store: withAbsoluteStore(history.store, folder) },
  }
}

function withAbsoluteFiles(backend: RedisConfig | string, folder: string): RedisConfig | string {
  if (typeof backend === 'string') return withAbsoluteStore(backend, folder)
  if (typeof backend.tls !== 'object') return backend
  const { ca, cert, key } = backend.tls
  const tls: RedisTlsConfig = {
    ...backend.tls,
    ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
    ...(cert === undefined ? {} : { cert: resolve(folder, cert) }),
    ...(key === undefined ? {} : { key: resolve(folder, key) }),
  }
  return { ...backend, tls }
}

function withAbsoluteStore(backend: string, folder: string): string {
  const file = sqliteFile(backend)
  return file === undefined ? backend : sqliteBackend(resolve(folder, file))
}
