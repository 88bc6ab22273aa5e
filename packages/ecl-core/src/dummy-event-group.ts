import type { EventLog } from './event-group.ts'
import type { FlushResult } from './flusher.ts'
import type { Counter } from './recorder.ts'

/** Stands in for a group that is not in the config: takes every event and counts none. */
export class DummyEventGroup implements EventLog {
  log(): void {}

  counter(): Counter {
    return { inc() {} }
  }

  declareEvent(): void {}

  declareEvents(): void {}

  flush(): Promise<FlushResult> {
    return Promise.resolve({ unsentEvents: 0 })
  }
}
