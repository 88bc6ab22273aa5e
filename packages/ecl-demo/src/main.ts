import { EclError } from 'ecl-core'
import { runDemo } from './demo.ts'
import { DemoError, Interrupted, UsageError } from './errors.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { Screen } from './screen.ts'

const INTERRUPTED = 130

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`demo: ${error.message}; --help tells what there is\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Interrupted('interrupted; everything is ended')))
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EPIPE' ? 'nobody reads the output any more' : error.message
    stop.abort(new DemoError(`${why}; everything is ended`))
  })
  try {
    return (await runDemo(options, new Screen(process.stdout), stop)) ? 0 : 1
  } catch (error) {
    process.stderr.write(`demo: ${describe(error)}\n`)
    return error instanceof Interrupted ? INTERRUPTED : 1
  }
}

/** What the user may have to know; a bug with its stack. */
function describe(error: unknown): string {
  if (error instanceof EclError) return `the store has failed: ${error.message}`
  if (error instanceof DemoError || error instanceof Interrupted) return error.message
  return error instanceof Error ? String(error.stack) : String(error)
}

process.exitCode = await main(process.argv.slice(2))
