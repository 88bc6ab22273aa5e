import { type Database, type FileKind, withBigInts } from 'ecl-sqlite/file'
import { EventNumbers } from './event-numbers.ts'
import * as sql from './sql.generated.ts'

/** The statements, ready to run, and what is remembered of the file that they are for. */
export type Statements = ReturnType<typeof prepare>

/** The file of a history. */
export const HISTORY_FILE: FileKind<Statements> = {
  // "eclh"
  applicationId: 0x65636c68,
  migrations: [sql.migration001, sql.migration002],
  // What is acknowledged after it was written is nowhere else.
  synchronous: 'FULL',
  // Who only reads makes no file for a mistyped name, and migrates nobody else's.
  madeBy: 'writers',
  open: true,
  prepare,
}

function prepare(database: Database) {
  return {
    events: new EventNumbers(),
    dataVersion: database.prepare(sql.dataVersion),
    findSeries: database.prepare(sql.findSeries),
    addSeries: database.prepare(sql.addSeries),
    listSeries: database.prepare(sql.listSeries),
    findEvent: database.prepare(sql.findEvent),
    addEvent: database.prepare(sql.addEvent),
    nameEvent: database.prepare(sql.nameEvent),
    findWindow: database.prepare(sql.findWindow),
    findUndone: database.prepare(sql.findUndone),
    putWindow: database.prepare(sql.putWindow),
    markPartial: database.prepare(sql.markPartial),
    markMissing: database.prepare(sql.markMissing),
    putCount: database.prepare(sql.putCount),
    putPart: database.prepare(sql.putPart),
    dropCounts: database.prepare(sql.dropCounts),
    dropParts: database.prepare(sql.dropParts),
    markStale: database.prepare(sql.markStale),
    listStale: database.prepare(sql.listStale),
    readExtent: database.prepare(sql.readExtent),
    staleRanges: database.prepare(sql.staleRanges),
    readWindows: withBigInts(database.prepare(sql.readWindows)),
    readSteps: withBigInts(database.prepare(sql.readSteps)),
    readCounts: withBigInts(database.prepare(sql.readCounts)),
    readCountsOf: withBigInts(database.prepare(sql.readCountsOf)),
    readStepCounts: withBigInts(database.prepare(sql.readStepCounts)),
    readStepCountsOf: withBigInts(database.prepare(sql.readStepCountsOf)),
    weighCounts: database.prepare(sql.weighCounts),
    weighStepCounts: database.prepare(sql.weighStepCounts),
    allSeries: database.prepare(sql.allSeries),
    readClocks: database.prepare(sql.readClocks),
    findLeft: database.prepare(sql.findLeft),
    findLeftSteps: database.prepare(sql.findLeftSteps),
    findCoverage: database.prepare(sql.findCoverage),
    rollWindows: database.prepare(sql.rollWindows),
    rollSteps: database.prepare(sql.rollSteps),
    rollCounts: database.prepare(sql.rollCounts),
    rollStepCounts: database.prepare(sql.rollStepCounts),
    dropSteps: database.prepare(sql.dropSteps),
    dropStepCounts: database.prepare(sql.dropStepCounts),
    dropStale: database.prepare(sql.dropStale),
    keepFrom: database.prepare(sql.keepFrom),
    expireCounts: database.prepare(sql.expireCounts),
    expireWindows: database.prepare(sql.expireWindows),
    expireParts: database.prepare(sql.expireParts),
    expireStepCounts: database.prepare(sql.expireStepCounts),
    expireSteps: database.prepare(sql.expireSteps),
    takeMaintenance: database.prepare(sql.takeMaintenance),
    leaveMaintenance: database.prepare(sql.leaveMaintenance),
  }
}
