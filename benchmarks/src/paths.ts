import { fileURLToPath } from 'node:url'

const inPackages = (name: string) =>
  fileURLToPath(new URL(`../../packages/${name}`, import.meta.url))

/** The commands as they are published. */
export const COMMANDS = {
  reader: inPackages('ecl-reader/bin/ecl-reader.cjs'),
  logEvent: inPackages('ecl-log-event/bin/ecl-log-event.cjs'),
} as const
