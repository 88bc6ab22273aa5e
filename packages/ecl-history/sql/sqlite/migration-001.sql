-- migration-001: everything that a file of history holds.
--
-- Inputs   none
-- Result   none; run once, in the transaction that also sets application_id and user_version
--
-- Safe to repeat: it is run where the file was empty within the same transaction; of two processes that open a fresh
-- file at once, the second finds the tables there.

-- The windows of one interval of one group, and, with the same names and more seconds, their roll-ups.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  group_name TEXT NOT NULL,
  -- As spelled in the config.
  interval TEXT NOT NULL,
  -- Length of a window, or of a step of a roll-up. The least of an interval is that of its windows.
  seconds INTEGER NOT NULL,
  -- Epoch seconds. What begins before is no longer kept.
  kept_from INTEGER NOT NULL DEFAULT 0,
  UNIQUE (group_name, interval, seconds)
) STRICT;

-- A name takes many bytes and comes in many windows, so it is kept once.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Closed windows. One without events has a row here and none in counts: zero is not unknown.
CREATE TABLE windows (
  series INTEGER NOT NULL,
  -- Epoch seconds.
  start INTEGER NOT NULL,
  -- The version: when it was published, ms since the epoch; and which one of that millisecond.
  published_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  -- 0 complete, 1 pending, 2 unknown, 3 partial: of several windows, the highest is true of all.
  completeness INTEGER NOT NULL,
  late INTEGER NOT NULL,
  total INTEGER NOT NULL,
  -- How many parts of this version have not come yet.
  missing_parts INTEGER NOT NULL,
  PRIMARY KEY (series, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE counts (
  series INTEGER NOT NULL,
  start INTEGER NOT NULL,
  event INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (series, start, event)
) STRICT, WITHOUT ROWID;

-- Which parts have come of windows of which others are missing.
CREATE TABLE window_parts (
  series INTEGER NOT NULL,
  start INTEGER NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY (series, start, part)
) STRICT, WITHOUT ROWID;

-- Steps of roll-ups: windows is how many are known in it, the rest the highest or the sum of theirs.
CREATE TABLE step_windows (
  series INTEGER NOT NULL,
  start INTEGER NOT NULL,
  windows INTEGER NOT NULL,
  published_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  completeness INTEGER NOT NULL,
  late INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (series, start)
) STRICT, WITHOUT ROWID;

-- One event in a step: windows is how many have a count of it, the rest the sum, least and most of those counts.
CREATE TABLE step_counts (
  series INTEGER NOT NULL,
  start INTEGER NOT NULL,
  event INTEGER NOT NULL,
  windows INTEGER NOT NULL,
  n INTEGER NOT NULL,
  least INTEGER NOT NULL,
  most INTEGER NOT NULL,
  PRIMARY KEY (series, start, event)
) STRICT, WITHOUT ROWID;

-- Steps whose windows have changed since they were rolled up, if they were. They are read from what they are made of.
CREATE TABLE stale_steps (
  series INTEGER NOT NULL,
  start INTEGER NOT NULL,
  PRIMARY KEY (series, start)
) STRICT, WITHOUT ROWID;

-- One row while a process does the maintenance: who, and how long it may take until it is taken for dead.
CREATE TABLE maintenance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  holder TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT;
