import { checkGroups } from './group-rules.ts'
import { checkHistory } from './history-rules.ts'
import { normalise } from './normalise.ts'
import { Findings, type Problem, type Show, showValue } from './problem.ts'
import { checkHashTags, checkRedis } from './redis-rules.ts'
import { reportSchemaErrors } from './schema-rules.ts'
import type { ConfigFile } from './schema-validator.ts'
import { checkStore } from './store-rules.ts'
import { validateConfig } from './validate-config.generated.ts'

/** What a check came to. */
export interface CheckedConfig {
  /** The config in the schema's spelling; undefined where there are faults. */
  readonly config: ConfigFile | undefined
  /** The faults, all of them. */
  readonly problems: readonly Problem[]
  /** What is suspicious, but works. */
  readonly warnings: readonly Problem[]
}

/**
 * Checks a config by the schema and by the rules that a schema cannot say. Knows nothing of files: what a program
 * wrote as a literal is checked by the same rules.
 *
 * @param value the whole config
 * @param show how messages name a value
 */
export function checkConfig(value: unknown, show: Show = showValue): CheckedConfig {
  const findings = new Findings(show)
  const config = normalise(value, findings)
  if (typeof config === 'object' && config !== null) {
    const redis = 'redis' in config ? config.redis : undefined
    const groups = 'groups' in config ? config.groups : undefined
    checkRedis(redis, findings)
    checkGroups(groups, findings)
    checkHashTags(redis, groups, findings)
    checkStore('store' in config ? config.store : undefined, redis, findings)
    checkHistory('history' in config ? config.history : undefined, findings)
  }
  // The schema last: where a rule above has found a fault, it says more about it.
  const valid = validateConfig(config)
  if (!valid) reportSchemaErrors(validateConfig.errors ?? [], config, findings)
  const { problems, warnings } = findings
  return { config: valid && problems.length === 0 ? config : undefined, problems, warnings }
}
