import type { Failure, FileFault } from './thread/messages.ts'

/** What an error means for the operator. */
export interface SqliteProblem {
  /** Stays the same over repeats of one problem, so that it is reported once. */
  readonly kind: string
  /** What is wrong and what to do, to follow `SQLite file …: `. */
  readonly message: string
  /** Whether someone has to change something: it will not pass by itself. */
  readonly refuses: boolean
}

type Rule = readonly [kind: string, message: string, refuses?: 'refuses']

const NO_ACCESS = 'access is denied; check the rights of your user on the file and its folder'

const FAULTS: Readonly<Record<FileFault, Rule>> = {
  'no folder': ['no folder', 'there is no such folder; create it, or check the path', 'refuses'],
  'a folder': ['a folder', 'is a folder; name a file in it', 'refuses'],
  'no access': ['no access', NO_ACCESS, 'refuses'],
  'another program': [
    'another program',
    'is the database of another program; name another file',
    'refuses',
  ],
  'a newer version': [
    'a newer version',
    'was written by a newer version of Event Count Logger; update this one, or name another file',
    'refuses',
  ],
  'no shared memory': [
    'no shared memory',
    'its file system cannot be shared by processes; keep it on a local one',
    'refuses',
  ],
  'no writer': [
    'read-only',
    'may not be written, and without that it can be read only while a program that may is running; ' +
      'check the access rights, and whether the disk is read-only',
    'refuses',
  ],
  'no file': ['no file', 'there is no such file', 'refuses'],
  'no file of data': [
    'no file of data',
    'is a device, a pipe or a socket; name another file',
    'refuses',
  ],
  'a link': ['a link', 'is a symbolic link; name the file that it leads to', 'refuses'],
  altered: [
    'altered',
    'has been altered by another program, and is not used; put it aside, and a new one is begun',
    'refuses',
  ],
  'no tables': ['no tables', 'holds nothing yet', 'refuses'],
  'an older version': [
    'an older version',
    'was written by an older version of Event Count Logger',
    'refuses',
  ],
}

/** By SQLite's primary result codes. */
const CODES: Readonly<Record<number, Rule>> = {
  3: ['no access', NO_ACCESS, 'refuses'],
  5: ['locked', 'another program has kept it locked for seconds; waiting for it'],
  6: ['locked', 'another program has kept it locked for seconds; waiting for it'],
  8: [
    'read-only',
    'may not be written; check its access rights, and whether its disk is read-only',
    'refuses',
  ],
  10: ['disk', 'the disk cannot be read or written; see the log of the system'],
  11: ['damaged', 'is damaged; put it aside, and a new one is begun', 'refuses'],
  13: ['full', 'the disk is full; make room, nothing is lost meanwhile'],
  14: [
    'cannot be opened',
    'cannot be opened; check its access rights and those of its folder',
    'refuses',
  ],
  15: ['locked', 'another program has kept it locked for seconds; waiting for it'],
  26: ['no database', 'is no SQLite file; name another file', 'refuses'],
}

/** Says what a failure in the thread means. */
export function describeProblem({ message, errcode, fault }: Failure): SqliteProblem {
  const rule = fault === undefined ? CODES[(errcode ?? 0) & 0xff] : FAULTS[fault]
  if (rule === undefined) return { kind: message, message, refuses: false }
  const [kind, meaning, refuses] = rule
  return {
    kind,
    message: message === fault ? meaning : `${meaning} (${message})`,
    refuses: refuses === 'refuses',
  }
}
