/** Another client of the same Redis, in a thread of its own: sends a PING about each millisecond and tells the waits. */
import { createConnection } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const PAUSE_MS = 1
const { path } = workerData as { path: string }

const socket = createConnection({ path })
let waits: number[] = []
let sentMs = 0

function ping(): void {
  sentMs = performance.now()
  socket.write('PING\r\n')
}

socket.on('data', () => {
  waits.push(performance.now() - sentMs)
  setTimeout(ping, PAUSE_MS)
})
socket.once('connect', () => {
  ping()
  parentPort?.postMessage('connected')
})
// Asked for what there was since the last time.
parentPort?.on('message', () => {
  // One that is under way has waited for so long at least.
  parentPort?.postMessage([...waits, performance.now() - sentMs])
  waits = []
})
