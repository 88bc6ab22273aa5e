import type { Counter, EventLog } from './event-group.ts'

/** Stands in for a group that is not in the config: takes every event and counts none. */
export class DummyEventGroup implements EventLog {
  log(): void {}

  counter(): Counter {
    return { inc() {} }
  }
}
