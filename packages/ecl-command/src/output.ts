import { visible } from 'ecl-core'

/** Says something on stderr, line by line; nothing where there is nothing to say. */
export function tell(message: string | undefined): void {
  if (message === undefined) return
  const lines = message.split('\n').map(visible)
  process.stderr.write(`${lines.join('\n')}\n`)
}

/**
 * Writes to stdout.
 *
 * @returns once it is written (true), or nobody reads it (false): `| head -1` has closed it, which is no error
 */
export function writeOut(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve(false)
      else reject(new Error(`stdout cannot be written: ${error.message}`))
    }
    process.stdout.on('error', failed)
    process.stdout.write(text, (error) => {
      // After a failure "error" follows, and may follow more than once.
      if (error) return
      process.stdout.off('error', failed)
      resolve(true)
    })
  })
}
