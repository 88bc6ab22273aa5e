import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { CounterStore } from './counter-store.ts'

/**
 * What this package needs of ecl-sqlite. The compiler finds it here by "paths": the package itself is compiled after
 * this one, with its types.
 */
export declare function openSqlite(
  file: string,
  options: { readonly logger: Logger; readonly clock: Clock; readonly create?: boolean },
): CounterStore
