import { setTimeout as sleep } from 'node:timers/promises'
import { parseLine } from './access-log.ts'
import type { Job, ReplayWork } from './job.ts'
import { countRequest, linesOf } from './log-file.ts'

/** Logs an event of a group, `n` times. */
export type Log = (group: string, event: string, n?: number) => void

/** Events per second of the services; the batch worker's per burst. */
export const RATES = { web: 2000, api: 300, batch: 1500 } as const
/** Between two bursts of the batch worker. */
export const BURST_SECONDS = 3

const TICK_MS = 10
const PAGES = ['/', '/search', '/cart', '/login', '/about', '/help', '/news', '/terms']
const ENDPOINTS = ['/api/orders', '/api/users', '/api/stock']

/** Does a job's work, from its start to its end. */
export async function work(job: Job, log: Log): Promise<void> {
  if (job.work.kind === 'web') await atRate(job, RATES.web, () => visitPage(log))
  else if (job.work.kind === 'api') await atRate(job, RATES.api, () => callApi(log))
  else if (job.work.kind === 'batch') await inBursts(job, () => runBatch(log))
  else await replay(job, job.work, log)
}

function visitPage(log: Log): void {
  const luck = Math.random()
  if (luck < 0.002) log('requests', 'error')
  else if (luck < 0.03) log('requests', 'not_found')
  else {
    log('requests', 'page_view')
    log('pages', luck < 0.7 ? pick(PAGES) : `/item/${Math.floor(Math.random() ** 2 * 50)}`)
  }
}

function callApi(log: Log): void {
  log('requests', Math.random() < 0.01 ? 'error' : 'api_call')
  log('pages', pick(ENDPOINTS))
}

/** Some of a batch worker's counts come in lumps. */
function runBatch(log: Log): void {
  for (let jobs = 0; jobs < RATES.batch; ) {
    const n = Math.min(RATES.batch - jobs, 1 + Math.floor(Math.random() * 20))
    log('requests', Math.random() < 0.01 ? 'error' : 'job', n)
    jobs += n
  }
}

async function atRate(job: Job, perSecond: number, once: () => void): Promise<void> {
  let done = 0
  for (let nowMs = Date.now(); nowMs < job.endAtMs; nowMs = Date.now()) {
    const due = Math.floor(((nowMs - job.startAtMs) / 1000) * perSecond)
    for (; done < due; done++) once()
    await sleep(TICK_MS)
  }
}

async function inBursts(job: Job, burst: () => void): Promise<void> {
  for (let atMs = job.startAtMs; atMs < job.endAtMs; atMs += BURST_SECONDS * 1000) {
    await sleep(Math.max(0, atMs - Date.now()))
    burst()
  }
  await sleep(Math.max(0, job.endAtMs - Date.now()))
}

/** Logs each line of the own share when it is due: all lines are spread evenly over the time there is. */
async function replay(job: Job, part: ReplayWork, log: Log): Promise<void> {
  const msPerLine = (job.endAtMs - job.startAtMs) / part.lines
  let index = -1
  for await (const line of linesOf(part)) {
    index++
    if (index % part.shares !== part.share) continue
    const waitMs = job.startAtMs + index * msPerLine - Date.now()
    if (waitMs > TICK_MS) await sleep(waitMs)
    const request = parseLine(line)
    if (request !== undefined) countRequest(request, log)
  }
}

function pick(names: readonly string[]): string {
  return names[Math.floor(Math.random() * names.length)] ?? ''
}
