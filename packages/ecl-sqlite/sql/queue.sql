-- queue: where windows wait that have ended, until they are archived. Version 2 of the file.
--
-- Inputs   none
-- Result   none; run once, in the transaction that also sets user_version
--
-- Safe to repeat: of two processes that open an older file at once, the second finds the version raised.

-- Which window was published: its start and, where it may still become complete, a space and until when; '' for none,
-- or where late counts have changed it since.
ALTER TABLE series ADD COLUMN published TEXT NOT NULL DEFAULT '';
-- Whether a master has ever turned a window over: until then, the last one is from before the beginning.
ALTER TABLE series ADD COLUMN turned INTEGER NOT NULL DEFAULT 0;

-- An entry: a window that has ended, or a part of one. Rows are taken in the order of their ids.
CREATE TABLE closed (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_name TEXT NOT NULL,
  interval TEXT NOT NULL,
  start INTEGER NOT NULL,
  length INTEGER NOT NULL,
  published_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  completeness TEXT NOT NULL,
  -- Sums of 64-bit integers may need more than 64 bits.
  late TEXT NOT NULL,
  total TEXT NOT NULL,
  -- JSON: events and counts in turn.
  counts TEXT NOT NULL,
  -- Who has taken it, and when it was last heard; '' for nobody.
  archiver TEXT NOT NULL DEFAULT '',
  heard_ms INTEGER NOT NULL DEFAULT 0,
  -- Why it cannot be archived: a dead letter. '' for the others.
  error TEXT NOT NULL DEFAULT '',
  rejected_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX closed_waiting ON closed (group_name, interval, archiver) WHERE error = '';
CREATE INDEX closed_dead ON closed (group_name, interval) WHERE error <> '';

-- What has become of the entries of each queue.
CREATE TABLE queue_tally (
  group_name TEXT NOT NULL,
  interval TEXT NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  dropped INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (group_name, interval)
) STRICT, WITHOUT ROWID;
