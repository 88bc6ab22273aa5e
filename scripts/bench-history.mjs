/**
 * Measures the stores of history beside each other: windows and counts archived a second by 1, 2 and 4 processes, the size
 * of a million counts, the roll-up of a month, and queries of a month by the hour over 1,000 events. Prints a table. Needs
 * PostgreSQL besides (`apt-get install postgresql-15`), about four minutes, and a machine that does nothing else. TimescaleDB
 * is measured where it is installed.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'
import { root, runAsMain, say } from './workspace.mjs'

const ARCHIVE_SECONDS = 4
const START = 1_790_035_200
const HALF_HOUR = 1800
const HOUR = 3600
const MONTH = 30 * 86_400
const MONTH_EVENTS = 1000
const MONTH_COUNTS = (MONTH / HALF_HOUR) * MONTH_EVENTS
/** Hours and days. */
const MONTH_STEPS = MONTH / HOUR + MONTH / 86_400
const EMPTY_WINDOWS = 50_000
/** Counts of one batch, as the archiver makes them. */
const BATCH_COUNTS = 10_000
const self = fileURLToPath(import.meta.url)

/** @param {string} name */
const load = (name) => import(path.join(root, 'packages', name, 'dist/index.js'))

/** @typedef {import('../packages/ecl-history/dist/index.js').HistoryStore} HistoryStore */
/** @typedef {import('../packages/ecl-history/dist/index.js').ClosedWindow} ClosedWindow */

/**
 * Up to 1,000, without a rule that compression finds.
 *
 * @param {number} start @param {number} event
 */
function countOf(start, event) {
  const mixed = Math.imul(start ^ Math.imul(event + 1, 0x9e3779b1), 0x85ebca6b)
  return (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 16) % 1000
}

/**
 * @param {string} group @param {string} interval @param {number} seconds @param {number} start @param {number} events
 * @returns {ClosedWindow}
 */
function closed(group, interval, seconds, start, events) {
  const counts = new Map()
  for (let n = 0; n < events; n++) counts.set(`event number ${n}`, BigInt(countOf(start, n)))
  return /** @type {any} */ ({
    ...{ group, interval, start, end: start + seconds, publishedMs: start * 1000, revision: 1 },
    ...{ part: 1, parts: 1, completeness: 'complete', late: 0n, total: 0n, counts },
  })
}

/** One process that archives windows as fast as it can; says how many. @param {string} url @param {number} events */
async function archiveAllTheTime(url, events) {
  const { openHistory } = await load('ecl-history')
  const store = openHistory(url)
  const group = `g${process.pid}`
  const size = Math.max(1, Math.floor(BATCH_COUNTS / events))
  // Behind the month, whose parts are compressed already: what comes in is not.
  let start = START + 2 * MONTH
  const batch = () =>
    Array.from({ length: size }, () => closed(group, '5s', 5, (start += 5), events))
  await store.archive(batch())
  process.send?.('ready')
  await new Promise((resolve) => process.once('message', resolve))
  let windows = 0
  const untilMs = performance.now() + ARCHIVE_SECONDS * 1000
  while (performance.now() < untilMs) {
    await store.archive(batch())
    windows += size
  }
  process.send?.(windows)
  await store.close()
  process.disconnect?.()
}

/** Windows a second. @param {string} url @param {number} events @param {number} processes */
async function archived(url, events, processes) {
  const children = Array.from({ length: processes }, () =>
    fork(self, ['child', url, String(events)]),
  )
  const ends = children.map((child) => new Promise((resolve) => child.once('exit', resolve)))
  const next = () =>
    Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))))
  await next()
  for (const child of children) child.send('go')
  const windows = await next()
  await Promise.all(ends)
  return windows.reduce((sum, n) => sum + n, 0) / ARCHIVE_SECONDS
}

/** Windows in which nothing happened; of a length that no step is made of. @param {HistoryStore} store */
async function archiveEmpty(store) {
  for (let n = 0; n < EMPTY_WINDOWS; n += 1000) {
    await store.archive(
      Array.from({ length: 1000 }, (_, k) => closed('empty', '7s', 7, START + (n + k) * 7, 0)),
    )
  }
}

/** A month of half-hours of 1,000 events each. @param {HistoryStore} store */
async function archiveMonth(store) {
  for (let start = START; start < START + MONTH; start += 10 * HALF_HOUR) {
    await store.archive(
      Array.from({ length: 10 }, (_, n) =>
        closed('month', '30m', HALF_HOUR, start + n * HALF_HOUR, MONTH_EVENTS),
      ),
    )
  }
}

/** @param {number} seconds after the start @returns {any} */
const at = (seconds) => START + seconds

/** Milliseconds that queries take. @param {HistoryStore} store @returns {Promise<[string, number][]>} */
async function queried(store) {
  const query = { group: 'month', interval: '30m', from: at(0), to: at(MONTH), stepSeconds: HOUR }
  const events = ['event number 7']
  try {
    return [
      ['month by the hour, totals, ms', await taken(() => store.windows(query))],
      ['month by the hour, one event, ms', await taken(() => store.rows({ ...query, events }))],
      ['month by the hour, top 10, ms', await taken(() => store.rows({ ...query, top: 10 }))],
      ['month by the hour, all 720,000 rows, ms', await taken(() => store.rows(query))],
      [
        'month by the day, all 30,000 rows, ms',
        await taken(() => store.rows({ ...query, stepSeconds: 86_400 })),
      ],
    ]
  } finally {
    await store.close()
  }
}

/** Milliseconds until all has been read: the median of five times. @param {() => AsyncIterable<unknown>} read */
async function taken(read) {
  const times = []
  for (let round = 0; round < 5; round++) {
    const startMs = performance.now()
    for await (const _ of read());
    times.push(performance.now() - startMs)
  }
  return times.sort((a, b) => a - b)[2] ?? Number.NaN
}

/** @param {string} name @param {readonly string[]} cells */
const sayRow = (name, cells) =>
  say([name.padEnd(44), ...cells.map((cell) => cell.padStart(11))].join(' '))

/** @param {number} n */
const figure = (n) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2))

/**
 * @typedef {object} Measured
 * @property {string} name
 * @property {string} url
 * @property {() => Promise<number>} bytes what it takes on disk
 * @property {(table: 'counts' | 'step_counts') => Promise<unknown>} [compress] as its policy does after two weeks
 * @property {() => Promise<void>} close
 */

/** @param {Measured} store @returns {Promise<[string, number][]>} */
async function measure({ url, bytes, compress = async () => undefined }) {
  const { openHistory } = await load('ecl-history')
  /** @type {[string, number][]} */
  const rows = []
  /** Works on it, and says how much it has grown; closed, it has nothing beside it. @param {(store: HistoryStore) => Promise<unknown>} work */
  const grown = async (work) => {
    const beforeBytes = await bytes()
    const store = openHistory(url)
    await work(store)
    await store.close()
    return (await bytes()) - beforeBytes
  }
  await grown((store) => store.migrate())
  rows.push(['bytes of a window without counts', (await grown(archiveEmpty)) / EMPTY_WINDOWS])
  const countBytes = await grown(archiveMonth)
  const startMs = performance.now()
  const never = new AbortController().signal
  const rollUpBytes = await grown((store) => store.maintain(at(2 * MONTH), new Map(), never))
  const rollUpSeconds = (performance.now() - startMs) / 1000
  // Only now: roll-ups are made long before the policy's time has come.
  const compressed = async (/** @type {'counts' | 'step_counts'} */ table) =>
    await grown(() => compress(table))
  rows.push(['bytes of a count', (countBytes + (await compressed('counts'))) / MONTH_COUNTS])
  rows.push(['roll-up of a month, s', rollUpSeconds])
  const stepBytes = rollUpBytes + (await compressed('step_counts'))
  rows.push(['bytes of an event in a step', stepBytes / (MONTH_STEPS * MONTH_EVENTS)])
  rows.push(...(await queried(openHistory(url))))
  for (const events of [10, 1000]) {
    for (const processes of [1, 2, 4]) {
      const windows = await archived(url, events, processes)
      const of = `of ${events} events, ${processes} processes`
      rows.push([`windows/s ${of}`, windows], [`counts/s ${of}`, windows * events])
    }
  }
  return rows
}

/** @returns {Promise<Measured>} */
async function inFile() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ecl-bench-'))
  return {
    name: 'SQLite',
    url: `sqlite:${path.join(folder, 'history.db')}`,
    bytes: async () =>
      readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0),
    close: async () => rmSync(folder, { recursive: true }),
  }
}

/** @typedef {import('../packages/ecl-history/dist/testing/index.js').PrivatePostgres} PrivatePostgres */

/** @param {string} name @param {PrivatePostgres} postgres @returns {Measured} */
function inServer(name, postgres) {
  return {
    ...{ name, url: postgres.url(), close: () => postgres.close() },
    bytes: async () => Number(await postgres.psql("SELECT pg_database_size('postgres')")),
  }
}

await runAsMain(import.meta.url, async ([what, url = '', events = '']) => {
  if (what === 'child') return archiveAllTheTime(url, Number(events))
  await setup({ build: true })
  /** @type {typeof import('../packages/ecl-history/dist/testing/index.js')} */
  const { PrivatePostgres } = await import(
    path.join(root, 'packages/ecl-history/dist/testing/index.js')
  )
  const inPostgres = async () =>
    inServer('PostgreSQL', await PrivatePostgres.start({ settings: { fsync: 'on' } }))
  const inTimescale = async () => {
    const settings = {
      ...{ fsync: 'on', shared_preload_libraries: 'timescaledb' },
      // No job of its own comes in between.
      ...{ 'timescaledb.telemetry_level': 'off', 'timescaledb.max_background_workers': '0' },
    }
    const postgres = await PrivatePostgres.start({ settings })
    await postgres.psql('CREATE EXTENSION timescaledb')
    /** @param {string} table */
    const compress = (table) =>
      postgres.psql(`SELECT compress_chunk(c) FROM show_chunks('ecl_history.${table}') c`)
    return { ...inServer('TimescaleDB', postgres), compress }
  }
  const isInstalled = PrivatePostgres.hasExtension('timescaledb')
  say(`${os.cpus().length} × ${os.cpus()[0]?.model}, Node ${process.versions.node}`)
  const names = []
  /** @type {Map<string, number[]>} */
  const table = new Map()
  // Each is gone when the next one comes, and takes none of its time.
  for (const start of [inFile, inPostgres, ...(isInstalled ? [inTimescale] : [])]) {
    const store = await start()
    names.push(store.name)
    try {
      for (const [row, value] of await measure(store)) {
        table.set(row, [...(table.get(row) ?? []), value])
      }
    } finally {
      await store.close()
    }
  }
  sayRow('', names)
  for (const [row, values] of table) sayRow(row, values.map(figure))
  if (!isInstalled) say('TimescaleDB is not installed, and was not measured')
})
