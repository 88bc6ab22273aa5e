import type { GroupsConfig, HistoryConfig, RedisConfig } from './config-types.ts'

/** The whole config file, once it is known to have its shape. */
export interface ConfigFile {
  readonly redis?: RedisConfig | string | null
  readonly store?: string
  readonly groups?: GroupsConfig | null
  readonly history?: HistoryConfig
}

/** One fault as ajv reports it, as far as we read it. */
export interface SchemaError {
  /** JSON pointer to the value at fault. */
  readonly instancePath: string
  /** The keyword of the schema that failed. */
  readonly keyword: string
  /** Details by keyword, such as `missingProperty`. */
  readonly params: Readonly<Record<string, unknown>>
  /** Set where the fault is a key's name. */
  readonly propertyName?: string
}

/** A validator that ajv has compiled at build time. */
export interface SchemaValidator {
  (value: unknown): value is ConfigFile
  /** The faults of the last call; overwritten by the next. */
  errors?: readonly SchemaError[] | null
}
