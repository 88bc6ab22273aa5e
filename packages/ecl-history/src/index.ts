export type { ClosedWindow, WindowVersion } from './closed-window.ts'
export { type Gap, gapsOf } from './gaps.ts'
export { History, type HistoryRequest, type HistoryStep, type HistorySums } from './history.ts'
export { type OpenHistoryOptions, openHistory } from './open-history.ts'
export type { TimeRange } from './query/runs.ts'
export type { Step } from './query/step.ts'
export type {
  Archived,
  Expiry,
  HistoryQuery,
  HistoryRow,
  HistorySeries,
  HistoryStore,
  HistoryWindow,
  KnownStep,
  Maintained,
  MaintainOptions,
  Retention,
  StepQuery,
  UnfitCounts,
  WindowRange,
} from './store/history-store.ts'
export { UnfitWindowError } from './store/unfit-window-error.ts'
