import { tell } from 'ecl-command'
import { type CounterStore, loadConfig, openStore, silentLogger, type WindowRef } from 'ecl-core'
import type { FormatName, ReadRequest } from './arguments.ts'
import { type Report, reportOf } from './report.ts'
import { select, selectAll } from './select.ts'
import { viewed } from './view.ts'

const WHICH = { last: 'last', current: 'cur', both: 'both' } as const

/** They tell it. To others it is not worth a look at every client. */
const TELL_COMPLETENESS: readonly (FormatName | undefined)[] = ['json', 'table', 'prometheus']

/** What is needed for reading. */
export interface Session {
  readonly store: CounterStore
  /** Those that were asked for. */
  readonly windows: readonly WindowRef[]
  /** Where closed windows are kept, `sqlite:PATH` or `postgres://…`; undefined where they are not. */
  readonly history: string | undefined
}

/** Loads the config, finds what is asked for, opens the store for the work, and closes it. */
export async function withStore<T>(
  request: Pick<ReadRequest, 'config' | 'group' | 'interval' | 'all'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  let store: CounterStore | undefined
  try {
    const config = await loadConfig(request.config)
    for (const warning of config.warnings) tell(warning)
    const { group = '', interval } = request
    const windows = request.all
      ? selectAll(config.groups, request)
      : [select(config.groups, { group, interval })]
    // What a store logs is in the error, too, which ends this.
    store = openStore(config.backend, { logger: silentLogger, create: false })
    store.checkGroups?.(windows.map((window) => window.group))
    return await work({ store, windows, history: config.history?.store })
  } finally {
    await store?.close()
  }
}

/** Reads what is asked for of one interval of one group. */
export async function readReport(
  store: CounterStore,
  { group, interval }: WindowRef,
  request: Pick<ReadRequest, 'which' | 'view' | 'all' | 'format' | 'completeWithinMs'>,
): Promise<Report> {
  const { which, view, all, format, completeWithinMs } = request
  const completeness = completeWithinMs !== undefined || TELL_COMPLETENESS.includes(format)
  const reading = await store.read(group, interval, WHICH[which], { completeness })
  return viewed(reportOf({ group: group.name, which }, interval, reading), view, group, !all)
}
