export {
  Master,
  type MasterEvents,
  type MasterOptions,
  type RotatedWindow,
  type SettledWindow,
} from './master.ts'
