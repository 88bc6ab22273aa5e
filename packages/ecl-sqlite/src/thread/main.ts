import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { CounterThread } from './counter-thread.ts'
import type { SqliteModule } from './driver-api.ts'
import type { ThreadData } from './messages.ts'

/**
 * The thread of a store, where everything is that waits for a disk or for another process: SQLite's calls do not return
 * before they are done, and the program whose events are counted is not to wait for them.
 */

// Given by thread-text.ts, and by nobody else.
const { file, create, driver, handWound } = workerData as ThreadData

// "SQLite is an experimental feature": said once for each process that counts, it would help nobody. This is the
// thread's own process object; the program's warnings stay what they are.
process.emitWarning = () => {}

const module = createRequire(driver.from)(driver.name) as SqliteModule
const handWoundMs = handWound === undefined ? undefined : new Float64Array(handWound)

const thread = new CounterThread({
  file,
  create,
  module,
  now: () => handWoundMs?.[0] || Date.now(),
  answer: (message) => parentPort?.postMessage(message),
})
parentPort?.on('message', (message) => thread.take(message))
