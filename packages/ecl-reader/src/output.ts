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
 * @returns once it is written, or nobody reads it: `| head -1` has closed it, which is no error
 */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve()
      else reject(new Error(`stdout cannot be written: ${error.message}`))
    })
    process.stdout.write(text, (error) => {
      if (!error) resolve()
    })
  })
}
