/**
 * A window that no database can keep as it is, however long one waits: whoever archives it has to do without it, or to
 * put it aside.
 */
export class UnfitWindowError extends Error {
  override readonly name = 'UnfitWindowError'
}
