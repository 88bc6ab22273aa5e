import type { Redis } from 'ioredis'
import { StoreError } from '../../errors.ts'
import type { GroupSpec } from '../../group-spec.ts'
import { type EpochSeconds, type Interval, windowStart } from '../../interval.ts'
import { judge, tooManyClientsText } from '../completeness.ts'
import type { Accounts, Reading, Snapshot, StoreReadOptions, Which } from '../counter-store.ts'
import { askForClients, parseFirstClients, readAllClients } from './client-entries.ts'
import { mayHaveForeignEvents, readForeignMark, searchForEvents } from './foreign-events.ts'
import { clientsKey, type Part, windowKey } from './keys.ts'
import {
  type Listing,
  listEvents,
  type Question,
  type ReadContext,
  readByScript,
  readStep,
  results,
  type Step,
} from './read-step.ts'
import { parseCount, parseTime } from './replies.ts'
import { type HashChunk, readRestOfHash } from './window-hash.ts'

/** A new event between two steps, or a change while a large hash is read, makes a read start again. */
const ATTEMPTS = 5
const NOTHING_LISTED: Listing = { events: [], indexState: '' }
/** A script with as many events blocks the server for 2.5 ms, MGET for 0.4 ms. */
const SCRIPT_EVENTS = 5000

/**
 * Reads one interval's windows as they are at one instant, with reading commands only, so that a read-only user and a
 * replica will do: by one script, or else in steps.
 *
 * @throws StoreError READ_CONTENDED: new events came faster than they could be read, where no script can be run, or a
 * large hash has changed again and again
 */
export async function readWindows(
  redis: Redis,
  context: ReadContext,
  group: GroupSpec,
  interval: Interval,
  which: Which,
  { completeness: judged = false, client }: StoreReadOptions = {},
): Promise<Reading> {
  const parts: readonly Part[] = which === 'both' ? ['cur', 'last'] : [which]
  // What else was counted in a static group is not shown, but belongs to the sum that tells whether all is there. With
  // layout hash, events have keys only where some programs have the other layout.
  const namesFields = client !== undefined && !group.dynamic && !judged
  const indexed = group.dynamic || judged || (group.layout === 'hash' && !namesFields)
  const asked = group.layout === 'hash' && !namesFields ? [] : group.events
  const question: Question = {
    ...{ group, interval, parts, indexed, judged, client, namesFields },
    asked,
  }
  if (!mayHaveForeignEvents(group)) {
    return readingOf(await look(redis, context, question), question)
  }
  // At once: mostly the mark says that there is nothing to be searched for.
  const [mark, step] = await Promise.all([
    group.pythonWriters === true ? 'unknown' : readForeignMark(redis, group),
    look(redis, context, question),
  ])
  if (mark === 'none' && isMastered(step, interval)) {
    return readingOf(step, question)
  }
  const isKnown = group.pythonWriters === true || typeof mark === 'object'
  const found = await searchForEvents(redis, context, { group, interval }, parts, isKnown)
  const names = [...new Set([...asked, ...found.events])]
  const isMore = names.length > asked.length
  const whole = isMore ? await look(redis, context, { ...question, asked: names }) : step
  return readingOf(whole, question, found.isCutShort)
}

/** Where there are too many clients for one look, they are read before it, so that what they say of the counts is true. */
async function look(redis: Redis, context: ReadContext, question: Question): Promise<Step> {
  const step = await lookAtOnce(redis, context, question)
  if (!step.hasMoreClients) return step
  const clients = await readAllClients(redis, context.answered, question.group)
  return { ...(await lookAtOnce(redis, context, question)), clients }
}

function lookAtOnce(redis: Redis, context: ReadContext, question: Question): Promise<Step> {
  // Where all names are known, steps need one MULTI, and a script would have to be told them. A hash needs no names, and
  // may be too large for one reply.
  const isForScript = question.indexed && question.group.layout === 'keys'
  return isForScript
    ? readByScript(redis, context, question, SCRIPT_EVENTS).then(
        (step) => step ?? readInSteps(redis, context, question),
      )
    : readInSteps(redis, context, question)
}

/** Whether masters of ours turn the windows over: what they have said of other programs is true then, and not long ago. */
function isMastered({ starts, storeTimeMs }: Step, interval: Interval): boolean {
  if (starts.cur === undefined || starts.foreign) return false
  return windowStart(storeTimeMs / 1000, interval) - starts.cur <= interval.seconds
}

/**
 * Which events there are has to be known before they can be asked for. So the index is read first, then everything in
 * one MULTI together with a look at the index: if it has changed, all is done again, and at last by the script, however
 * long that takes.
 *
 * A hash is its own index. One that is too large for one command is read in many, between two looks at the marks: `last`
 * is of one instant where nothing was added meanwhile, which is tried some times; `cur` is not.
 */
async function readInSteps(redis: Redis, context: ReadContext, question: Question): Promise<Step> {
  const { group, interval, indexed } = question
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const listing = indexed ? await listEvents(redis, question) : NOTHING_LISTED
    const asked = [...new Set([...question.asked, ...listing.events])]
    const asking = { ...question, asked }
    const step = await readStep(redis, context, asking)
    if (step.indexState !== listing.indexState) continue
    const isLastTry = attempt === ATTEMPTS - 1
    const whole = await withWholeHashes(redis, context, asking, step, isLastTry)
    if (whole !== undefined) return whole
  }
  const step = await readByScript(redis, context, question, Number.MAX_SAFE_INTEGER)
  if (step !== undefined) return step
  throw new StoreError(
    'READ_CONTENDED',
    `group "${group.name}", ${interval.spec}: the window is turned over, or has new events, while it is read; try again`,
  )
}

/**
 * Completes a step with what one command could not read of its hashes.
 *
 * @param isLastTry whether counts may have been added to `last` meanwhile, as late ones are
 * @returns undefined where something has happened in between, so that all has to be read again
 */
async function withWholeHashes(
  redis: Redis,
  context: ReadContext,
  question: Question,
  step: Step,
  isLastTry: boolean,
): Promise<Step | undefined> {
  const { group, interval } = question
  const read = new Map<Part, HashChunk>()
  for (const [part, chunk] of step.hashes) {
    if (chunk.cursor === undefined) continue
    read.set(
      part,
      await readRestOfHash(redis, context.answered, windowKey(group, interval, part), chunk),
    )
  }
  if (read.size === 0) return step
  const after = await readStep(redis, context, question)
  const isTurned = after.starts.cur !== step.starts.cur || after.starts.last !== step.starts.last
  const isChanged = read.has('last') && after.sums.last !== step.sums.last
  if (isTurned || (isChanged && !isLastTry)) return undefined
  const hashes = new Map([...after.hashes, ...read])
  const isWhole = [...hashes.values()].every(({ cursor }) => cursor === undefined)
  return isWhole && after.indexState === step.indexState ? { ...after, hashes } : undefined
}

function readingOf(
  step: Step,
  { group, interval, judged, client }: Question,
  isCutShort = false,
): Reading {
  const snapshot = (part: Part): Snapshot | undefined => {
    const inKeys = step.parts.get(part)
    const inHash = step.hashes.get(part)?.fields
    if (inKeys === undefined || inHash === undefined) return undefined
    const start = step.starts[part]
    const { counts, unreadable, sum } = countsOf(group, [inKeys, inHash])
    const end = start === undefined ? undefined : ((start + interval.seconds) as EpochSeconds)
    if (!judged) return { start, end, counts, unreadable }
    if (isCutShort) {
      const completeness = { status: 'unknown', reason: 'not searched' } as const
      return { start, end, counts, unreadable, completeness }
    }
    const completeness = judge({
      group,
      interval,
      start,
      storedSum: sum,
      loggedSum: step.sums[part],
      aheadAt: step.sums.aheadAt,
      isForeign: step.starts.foreign,
      isCurrent: part === 'cur',
      storeTimeMs: step.storeTimeMs,
      clients: step.clients,
    })
    return { start, end, counts, unreadable, completeness }
  }
  const cur = snapshot('cur')
  const last = snapshot('last')
  return {
    storeTimeMs: step.storeTimeMs,
    current: step.starts.cur,
    ...(client !== undefined && { lastApplied: lastAppliedOf(step, client) }),
    ...(isCutShort && { searchCutShort: true }),
    ...(cur && { cur }),
    ...(last && { last }),
  }
}

/** As the client's entry has it. Without clients, or with something else in their place, nothing has been applied. */
function lastAppliedOf({ clients = [] }: Step, client: string): number {
  const known = clients === 'too many' ? [] : clients
  return known.find(({ clientId }) => clientId === client)?.number ?? 0
}

/**
 * Adds up what is stored in both layouts: each program has put its counts where its own says.
 *
 * @param places event → stored text, for each layout
 */
function countsOf(group: GroupSpec, places: readonly ReadonlyMap<string, string>[]) {
  const counts = new Map<string, bigint>(group.events.map((event) => [event, 0n]))
  const unreadable = new Set<string>()
  let sum = 0n
  for (const stored of places) {
    for (const [event, text] of stored) {
      const count = parseCount(text)
      if (count !== undefined) sum += count
      if (!group.dynamic && !counts.has(event)) continue
      if (count === undefined) unreadable.add(event)
      else counts.set(event, (counts.get(event) ?? 0n) + count)
    }
  }
  return { counts, unreadable: [...unreadable], sum }
}

/** Reads the books of a group's clients. */
export async function readAccounts(
  redis: Redis,
  { timeCommand, answered }: Pick<ReadContext, 'timeCommand' | 'answered'>,
  group: GroupSpec,
): Promise<Accounts> {
  const multi = redis.multi()
  multi.call(...timeCommand)
  askForClients(multi, group)
  const [time, entries] = await results(multi)
  const first = parseFirstClients(entries)
  const clients = first.isCut ? await readAllClients(redis, answered, group) : first.clients
  if (clients === 'too many') {
    throw new StoreError(
      'STORE_REFUSED',
      `group "${group.name}": ${tooManyClientsText(group.name)}`,
    )
  }
  if (clients === undefined) {
    throw new StoreError(
      'STORE_REFUSED',
      `group "${group.name}": the key "${clientsKey(group)}" is no hash of clients, as another program has overwritten it; the next batch of a logger puts it right`,
    )
  }
  return { storeTimeMs: parseTime(time), clients }
}
