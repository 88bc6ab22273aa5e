export { Master, type MasterOptions } from './master.ts'
export type { MasterEvents, RotatedWindow, SettledWindow } from './master-events.ts'
