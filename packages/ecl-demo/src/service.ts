/**
 * One of the demo's services: a process that logs events as any service would, and keeps a tally of its own apart from
 * ECL. Started by the demo, which sends it a Job.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EventCountLogger, type GroupsConfig, loadConfig } from 'ecl-core'
import type { Job, ServiceMessage, Sync } from './job.ts'
import { work } from './loads.ts'
import { Tally } from './tally.ts'

const PROGRESS_MS = 500

/** The demo has ended without ending its services. */
const orphaned = (): never => process.exit(1)

async function serve(job: Job): Promise<void> {
  const { groups, backend } = await loadConfig(job.config)
  const ecl = new EventCountLogger(withSync(groups, job.sync), backend)
  const tally = new Tally()
  let logged = 0
  const progress = setInterval(() => tell({ type: 'progress', logged }), PROGRESS_MS)
  await sleep(Math.max(0, job.startAtMs - Date.now()))
  await work(job, (group, event, n = 1) => {
    ecl.getGroup(group).log(event, n)
    tally.add(group, event, n)
    logged += n
  })
  const { unsentEvents } = await ecl.close()
  clearInterval(progress)
  process.off('disconnect', orphaned)
  tell({ type: 'done', groups: tally.groups, unsentEvents }, () => process.disconnect())
}

/** Only what a group is called and its intervals have to be the same in all processes. */
function withSync(groups: GroupsConfig, sync: Sync): GroupsConfig {
  return Object.fromEntries(
    Object.entries(groups).map(([name, group]) => [name, { ...group, ...sync }]),
  )
}

function tell(message: ServiceMessage, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent)
}

process.once('disconnect', orphaned)
process.once('message', (job: Job) => {
  serve(job).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })
})
