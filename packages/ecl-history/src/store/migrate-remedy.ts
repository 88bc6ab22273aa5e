/** What to do about a history whose tables are missing or too old, to close a message. */
export const MIGRATE_REMEDY =
  'check history.store, and run "ecl-history CONFIG migrate", or "ecl-history CONFIG archive", which does it too'
