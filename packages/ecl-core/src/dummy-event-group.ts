import type { EventLog } from './event-group.ts'
import type { Counter } from './recorder.ts'

/** Stands in for a group that is not in the config: takes every event and counts none. */
export class DummyEventGroup implements EventLog {
  log(): void {}

  counter(): Counter {
    return { inc() {} }
  }
}
