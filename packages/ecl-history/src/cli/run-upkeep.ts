import { tell, writeOut } from 'ecl-command'
import { EXIT, type ExitCode } from 'ecl-command/exit'
import type { EpochSeconds } from 'ecl-core'
import { doubtTexts, expiredTexts } from '../expiry-text.ts'
import { COMMAND, type Session, withSql } from './session.ts'

/** Brings the tables up to date, or does what is due on them. @returns the exit code; never rejects */
export function runUpkeep({
  command,
  config,
  force,
}: {
  readonly command: 'migrate' | 'prune'
  readonly config: string
  readonly force: boolean
}): Promise<ExitCode> {
  return withSql(config, (session) =>
    command === 'migrate' ? migrate(session) : prune(session, force),
  )
}

async function migrate({ sql }: Session): Promise<ExitCode> {
  const { from, to } = await sql.migrate()
  const said =
    from === to
      ? `the tables are up to date: version ${to}`
      : `the tables are now of version ${to}, before of ${from}`
  await writeOut(`${said}\n`)
  return EXIT.done
}

async function prune({ sql, history }: Session, force: boolean): Promise<ExitCode> {
  const now = Math.floor(Date.now() / 1000) as EpochSeconds
  const ending = new AbortController()
  const end = () => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const maintained = await sql.maintain(now, history.retention, ending.signal, { force })
  const { done, rolledUp, removedWindows } = maintained
  if (!done) {
    tell(`${COMMAND}: somebody else, such as ecl-history archive, is doing this right now`)
    return EXIT.done
  }
  const lines = expiredTexts(maintained).map((text) => `removed: ${text}\n`)
  await writeOut(
    `steps rolled up: ${rolledUp}, windows removed: ${removedWindows}\n${lines.join('')}`,
  )
  for (const text of doubtTexts(maintained)) tell(`${COMMAND}: ${text}`)
  return maintained.refused.length === 0 ? EXIT.done : EXIT.unreachable
}
