import { createReadStream, fstatSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** What the command reads. Of a folder, `process.stdin` would be empty rather than an error. */
export function openStdin(): Readable {
  const stat = fstatSync(0)
  const isUnknownToNode = stat.isDirectory() || stat.isBlockDevice()
  return isUnknownToNode ? createReadStream('', { fd: 0, autoClose: false }) : process.stdin
}
