/** What stands before and after the part of a document that a run replaces. */
export const BEGIN = '<!-- measured: begin -->'
/** The end of it. */
export const END = '<!-- measured: end -->'

/**
 * Replaces what is between the markers, and nothing else.
 *
 * @throws where the document does not have both of them, once each
 */
export function replaceMeasured(document: string, measured: string): string {
  const parts = document.split(BEGIN)
  const [before = '', rest = ''] = parts
  const [, after] = rest.split(END)
  if (parts.length !== 2 || after === undefined || rest.split(END).length !== 2) {
    throw new Error(`the document needs one "${BEGIN}", and one "${END}" behind it`)
  }
  return `${before}${BEGIN}\n\n${measured.trim()}\n\n${END}${after}`
}
