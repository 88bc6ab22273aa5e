import type { Database } from './driver-api.ts'
import * as sql from './sql.generated.ts'
import { type FileKind, withBigInts } from './sqlite-file.ts'

/** The statements, ready to run. */
export type Statements = ReturnType<typeof prepare>

/** The file of the counts. */
export const COUNTER_FILE: FileKind<Statements> = {
  // "ecls"
  applicationId: 0x65636c73,
  migrations: [sql.schema, sql.queue],
  // Who can send once more what a power cut has undone is gone with it; see the README.
  synchronous: 'NORMAL',
  madeBy: 'anyone',
  open: false,
  prepare,
}

function prepare(database: Database) {
  return {
    findClient: database.prepare(sql.findClient),
    clients: database.prepare(sql.clients),
    enterClient: database.prepare(sql.enterClient),
    forgetClients: database.prepare(sql.forgetClients),
    clampClients: database.prepare(sql.clampClients),
    findSeries: withBigInts(database.prepare(sql.findSeries)),
    beginSeries: database.prepare(sql.beginSeries),
    turnSeries: database.prepare(sql.turnSeries),
    resetSeries: database.prepare(sql.resetSeries),
    markSeries: database.prepare(sql.markSeries),
    addCount: database.prepare(sql.addCount),
    countEvents: database.prepare(sql.countEvents),
    findCount: database.prepare(sql.findCount),
    counts: withBigInts(database.prepare(sql.counts)),
    sweep: database.prepare(sql.sweep),
    markPublished: database.prepare(sql.markPublished),
    queueNext: database.prepare(sql.queueNext),
    queueAdd: database.prepare(sql.queueAdd),
    queueDrop: database.prepare(sql.queueDrop),
    queueCount: database.prepare(sql.queueCount),
    queueWaiting: database.prepare(sql.queueWaiting),
    queueSilent: database.prepare(sql.queueSilent),
    queueTake: database.prepare(sql.queueTake),
    queueReclaim: database.prepare(sql.queueReclaim),
    queueHear: database.prepare(sql.queueHear),
    queueAcknowledge: database.prepare(sql.queueAcknowledge),
    queueReject: database.prepare(sql.queueReject),
    queueLetters: database.prepare(sql.queueLetters),
    queueReplay: database.prepare(sql.queueReplay),
    queueState: database.prepare(sql.queueState),
    queueArchivers: database.prepare(sql.queueArchivers),
  }
}
