/**
 * Breaks of the protocol, one rule each, and where they have to be noticed. What is replaced must be in the file exactly
 * once, so that a mutation cannot go stale unseen.
 */

/**
 * @typedef {object} Replacement
 * @property {string} file
 * @property {string} find
 * @property {string} replace
 *
 * @typedef {object} Mutation
 * @property {string} name
 * @property {string} breaks what is not done any more
 * @property {Replacement[]} replacements
 * @property {{ seeds: number[], seconds: number, only: string }} [chaos] the faults that bring it to light
 * @property {string} [tests] the test files, by parts of their names, where faults alone cannot
 */

const APPLY = 'packages/ecl-core/lua/apply.lua'
const ROTATE = 'packages/ecl-core/lua/rotate.lua'
const PUBLISH = 'packages/ecl-core/lua/publish.lua'
const ARCHIVER = 'packages/ecl-history/src/archive/archiver.ts'
/** What a rotation writes before it moves counts. */
const MARKS = `call(
  'MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window), last .. '@ts', whole(current),
  last .. '@sum', type(sum) == 'string' and sum or '0', cur .. '@sum', '0'
)
`
const DELIVERY = 'packages/ecl-core/src/delivery.ts'

/** @type {Mutation[]} */
export const mutations = [
  {
    name: 'no-number-check',
    breaks: 'a batch that was applied before is told to be a duplicate',
    replacements: [
      { file: APPLY, find: 'if number <= last_applied then', replace: 'if false then' },
    ],
    chaos: { seeds: [1, 2], seconds: 30, only: 'lose-reply,copy-request' },
    tests: 'redis-store',
  },
  {
    name: 'no-compare-and-set',
    breaks: 'a batch is applied only right behind the one that it follows',
    replacements: [
      { file: APPLY, find: 'if follows ~= last_applied then', replace: 'if false then' },
    ],
    chaos: { seeds: [1, 2], seconds: 40, only: 'redis-crash' },
    tests: 'redis-store',
  },
  {
    name: 'number-after-counts',
    breaks: 'the number is stored before the counts',
    replacements: [
      { file: APPLY, find: 'enter(redis.call, 0, now, ARGV[9])\n', replace: '' },
      {
        file: APPLY,
        find: "return { 'applied', time[1]",
        replace: "enter(redis.call, not_booked, now, ARGV[9])\nreturn { 'applied', time[1]",
      },
    ],
    chaos: { seeds: [3, 4], seconds: 45, only: 'rights-lost' },
    tests: 'redis-store redis-faults conservation',
  },
  {
    name: 'no-hold',
    breaks: 'a batch whose window has not begun waits for it',
    replacements: [{ file: APPLY, find: "if ARGV[5] == '1' then", replace: 'if false then' }],
    chaos: { seeds: [1, 2], seconds: 40, only: 'masters-slow' },
    tests: 'redis-store',
  },
  {
    name: 'forget-before-reply',
    breaks: 'a batch is kept until its reply has come',
    replacements: [
      {
        file: DELIVERY,
        find: `          await this.#pause(FIRST_RETRY_MS, LONGEST_RETRY_MS, failures++)
          break
        case 'hold':`,
        replace: `          if (failures++ > 1e9) continue
          return delivered
        case 'hold':`,
      },
    ],
    chaos: { seeds: [1, 2], seconds: 30, only: 'lose-request' },
    tests: 'event-group',
  },
  {
    name: 'replay-buffer-by-timer',
    breaks: 'the replay buffer is emptied by replies, never by time alone',
    replacements: [
      {
        file: 'packages/ecl-core/src/replay-buffer.ts',
        find: 'if (kept.number <= number) continue',
        replace:
          'if (kept.number <= number) continue\n      if (kept.repliedAtMs < performance.now() - this.#bounds.lossWindowMs) continue',
      },
    ],
    chaos: { seeds: [1, 2], seconds: 60, only: 'redis-crash' },
    tests: 'replay-buffer event-group.regression',
  },
  {
    name: 'rotation-without-guard',
    breaks: 'a boundary is passed once, whoever calls how often',
    replacements: [{ file: ROTATE, find: 'if current >= window then', replace: 'if false then' }],
    chaos: { seeds: [1], seconds: 30, only: 'master-kill' },
    tests: 'redis-store',
  },
  {
    name: 'ts-after-counts',
    breaks: 'a rotation marks its window before it moves counts',
    replacements: [
      {
        file: ROTATE,
        find: MARKS,
        replace: '',
      },
      {
        file: ROTATE,
        find: "return { 'rotated', time[1]",
        replace: `${MARKS}return { 'rotated', time[1]`,
      },
    ],
    chaos: { seeds: [3, 4], seconds: 45, only: 'rights-lost' },
    tests: 'redis-store redis-faults',
  },
  {
    name: 'ids-of-dynamic-events-only',
    breaks: 'the index names all events, declared ones too',
    replacements: [
      {
        file: APPLY,
        find: 'for first = 1, hashed and 0 or event_count, 1000 do',
        replace: 'for first = exempt + 1, hashed and 0 or event_count, 1000 do',
      },
      {
        file: 'packages/ecl-core/src/store/redis/redis-store.ts',
        find: 'const declared = group.maxEvents === undefined ? undefined : batch.declared',
        replace: 'const declared = batch.declared as typeof batch.declared | undefined',
      },
    ],
    chaos: { seeds: [1], seconds: 30, only: 'cut' },
    tests: 'redis-store',
  },
  {
    name: 'through-not-clamped',
    breaks: 'nobody is believed who claims to have flushed what is still to come',
    replacements: [
      {
        file: APPLY,
        find: 'math.min(tonumber(ARGV[8]), now, limit)',
        replace: 'tonumber(ARGV[8])',
      },
    ],
    tests: 'redis-store',
  },
  {
    name: 'hash-left-behind',
    breaks: 'a rotation moves both layouts, whatever that of the master is',
    replacements: [
      { file: ROTATE, find: 'if fields ~= 0 then', replace: 'if fields ~= 0 and #given == 0 then' },
    ],
    chaos: { seeds: [1], seconds: 30, only: 'cut' },
    tests: 'store/redis/layouts',
  },
  {
    name: 'hash-over-the-old-one',
    breaks: 'an old window is removed though nothing comes in its place',
    replacements: [
      {
        file: ROTATE,
        find: "call('UNLINK', prefix .. 'last', last .. '@next')",
        replace: "call('UNLINK', last .. '@next')",
      },
    ],
    tests: 'store/redis/layouts',
  },
  {
    name: 'large-read-without-second-look',
    breaks: 'a hash that is read in steps is held against the marks afterwards',
    replacements: [
      {
        file: 'packages/ecl-core/src/store/redis/redis-reader.ts',
        find: 'if (isTurned || (isChanged && !isLastTry)) return undefined',
        replace: 'if (isTurned && isChanged && !isLastTry) return undefined',
      },
    ],
    tests: 'store/redis/window-hash',
  },
  {
    name: 'look-across-slots',
    breaks:
      'in a cluster, a master looks at the windows of one group at a time, whose keys are in one slot',
    replacements: [
      {
        file: 'packages/ecl-core/src/store/redis/cluster-store.ts',
        find: 'partsBy(windows, ({ group }) => this.#slotOf(group))',
        replace: 'partsBy(windows, () => 0)',
      },
    ],
    tests: 'store/redis/cluster-store',
  },
  {
    name: 'read-without-check',
    breaks: 'a reading is done again where the index has changed since it was read',
    replacements: [
      {
        file: 'packages/ecl-core/src/store/redis/redis-reader.ts',
        find: 'if (step.indexState !== listing.indexState) continue',
        replace: '',
      },
    ],
    tests: 'redis-reader',
  },
  {
    name: 'number-of-what-failed',
    breaks: 'a batch of which nothing could be taken is as if it had not come',
    replacements: [
      {
        file: APPLY,
        find: 'if hopeful > 0 and hopeful == event_count * interval_count then',
        replace: 'if false then',
      },
    ],
    tests: 'apply-aborts',
  },
  {
    name: 'clock-without-error',
    breaks: "the store's time is known only as exactly as its reply was fast",
    replacements: [
      {
        file: 'packages/ecl-core/src/store-clock.ts',
        find: 'const errorMs = Math.max(0, receivedMs - sentMs) / 2',
        replace: 'const errorMs = 0 * sentMs',
      },
    ],
    tests: 'clock-faults',
  },
  {
    name: 'clock-held-ahead',
    breaks: 'a clock that was far ahead goes back at once',
    replacements: [
      {
        file: 'packages/ecl-core/src/store-clock.ts',
        find: 'const MAX_HELD_BACK_MS = 10',
        replace: 'const MAX_HELD_BACK_MS = 2000',
      },
    ],
    tests: 'clock-faults',
  },
  {
    name: 'late-counts-unpublished',
    breaks: 'a window that late counts change is published again',
    replacements: [
      { file: APPLY, find: "redis.pcall('UNLINK', window .. ':@published')", replace: '' },
    ],
    tests: 'redis-window-queue',
  },
  {
    name: 'rotation-over-unpublished',
    breaks: 'a rotation with history overwrites only what is in the queue',
    replacements: [
      {
        file: ROTATE,
        find: 'if marked ~= whole(start) or not is_same_run(marked_in, run) then',
        replace: 'if false then',
      },
    ],
    tests: 'redis-window-queue',
  },
  {
    name: 'published-by-each-master',
    breaks: 'a window is published once, whatever the number of masters',
    replacements: [
      {
        file: PUBLISH,
        find: "if marked == whole(start) and same_run and (open == '' or ARGV[4] ~= '') then",
        replace: 'if false then',
      },
    ],
    tests: 'redis-window-queue',
  },
  {
    name: 'published-in-another-run',
    breaks: 'what was published before a restart of Redis is published again',
    replacements: [
      {
        file: PUBLISH,
        find: 'local same_run = marked_in == run or marked_in == UNKNOWN_RUN or run == UNKNOWN_RUN',
        replace: 'local same_run = true',
      },
    ],
    tests: 'redis-window-queue',
  },
  {
    name: 'undone-and-not-told',
    breaks: 'windows that a crash has undone are withdrawn from the history',
    replacements: [
      {
        file: ROTATE,
        find: "call('MSET', last .. '@next', whole(window))",
        replace: '',
      },
    ],
    tests: 'redis-window-queue',
  },
  {
    name: 'acknowledged-before-kept',
    breaks: 'an entry is acknowledged when it is in SQL, and not before',
    replacements: [
      {
        file: ARCHIVER,
        find: '      await this.#keep(kept)\n',
        replace: '      await this.#acknowledge(kept)\n      await this.#keep(kept)\n',
      },
    ],
    tests: 'ecl-history/test/archiver',
  },
]
