import { EXIT } from './exit.ts'

/** Longer than setInterval can wait would mean at once. */
const FOREVER_MS = 2 ** 31 - 1

/**
 * Runs a command to its end, and ends the process.
 *
 * Output that cannot be written, such as to a full disk, is an error: it is reported, and the exit code is not 0. Output
 * that nobody reads any more is none: `| head -1` has closed it.
 *
 * @param name the command's
 * @param main does the work, and returns the exit code; never rejects
 */
export async function runMain(name: string, main: () => Promise<number>): Promise<void> {
  // A process that waits for nothing ends with 0, though its command has done half of its work.
  setInterval(() => undefined, FOREVER_MS)
  let fault: Error | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fault ??= error
  })
  // The terminal is gone, or its file cannot be written: nobody is left to report to.
  process.stderr.on('error', () => undefined)
  let code = await main()
  await written(process.stdout)
  // With another code, the command has reported a fault already, this one included.
  if (fault !== undefined && code === EXIT.done) {
    process.stderr.write(`${name}: stdout cannot be written: ${fault.message}\n`)
    code = EXIT.atFault
  }
  // At once: a name server that does not answer would keep the process for long, and while Node tidies up, a second
  // signal would kill it. What was said on stderr is out, as writing is synchronous on POSIX.
  process.exit(code)
}

/** Waits until all that was written so far is out, or has failed and been heard of. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // The stream reports a failure after the callback.
    stream.write('', () => setImmediate(resolve))
  })
}
