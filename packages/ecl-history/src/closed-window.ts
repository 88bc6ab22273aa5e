export type { ClosedWindow, WindowVersion } from 'ecl-core'
