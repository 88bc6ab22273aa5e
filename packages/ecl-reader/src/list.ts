import { tellFault, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import { loadConfig, resolveGroups } from 'ecl-core'
import { selectAll } from './select.ts'

/** A list of names in the config, for all groups or for one. */
export interface ListRequest {
  readonly what: 'groups' | 'intervals' | 'events'
  readonly config: string
  readonly group: string | undefined
}

/** Prints names of the config, one a line; asks no Redis, and passes over the config's warnings. */
export async function runList({ what, config: file, group }: ListRequest): Promise<ExitCode> {
  try {
    const { groups } = await loadConfig(file)
    const windows = selectAll(groups, { group, interval: undefined })
    const names = {
      groups: () => resolveGroups(groups).map(({ name }) => name),
      intervals: () => windows.map(({ interval }) => interval.spec),
      events: () => windows.flatMap((window) => window.group.events),
    }[what]()
    await writeOut([...new Set(names)].map((name) => `${name}\n`).join(''))
    return EXIT.done
  } catch (caught) {
    return tellFault('ecl-reader', caught)
  }
}
