-- migration-001: everything that a history holds but the counts, which are in tables of another kind with TimescaleDB:
-- see partition-counts and hypertable-counts.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: it is run under the lock of migrations, where version 1 is missing, in the transaction that enters it.

-- The windows of one interval of one group, and, with the same names and more seconds, their roll-ups.
CREATE TABLE ecl_history.series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_name text COLLATE "C" NOT NULL,
  -- As spelled in the config.
  interval text COLLATE "C" NOT NULL,
  -- Length of a window, or of a step of a roll-up. The least of an interval is that of its windows.
  seconds integer NOT NULL,
  -- What begins before is no longer kept.
  kept_from timestamptz NOT NULL DEFAULT 'epoch',
  UNIQUE (group_name, interval, seconds)
);

-- A name takes many bytes and comes in many windows, so it is kept once.
CREATE TABLE ecl_history.events (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);

-- Closed windows. One without events has a row here and none in counts: zero is not unknown.
CREATE TABLE ecl_history.windows (
  start timestamptz NOT NULL,
  -- The version: when it was published, ms since the epoch; and which one of that millisecond.
  published_ms bigint NOT NULL,
  revision bigint NOT NULL,
  late bigint NOT NULL,
  total bigint NOT NULL,
  series integer NOT NULL,
  -- How many parts of this version have not come yet.
  missing_parts integer NOT NULL,
  -- 0 complete, 1 pending, 2 unknown, 3 partial: of several windows, the highest is true of all.
  completeness smallint NOT NULL,
  PRIMARY KEY (series, start)
);

-- Which parts have come of windows of which others are missing.
CREATE TABLE ecl_history.window_parts (
  start timestamptz NOT NULL,
  series integer NOT NULL,
  part integer NOT NULL,
  PRIMARY KEY (series, start, part)
);

-- Steps of roll-ups: windows is how many are known in it, the rest the highest or the sum of theirs.
CREATE TABLE ecl_history.step_windows (
  start timestamptz NOT NULL,
  published_ms bigint NOT NULL,
  revision bigint NOT NULL,
  late bigint NOT NULL,
  total bigint NOT NULL,
  series integer NOT NULL,
  windows integer NOT NULL,
  completeness smallint NOT NULL,
  PRIMARY KEY (series, start)
);

-- Steps whose windows have changed since they were rolled up, if they were. They are read from what they are made of.
CREATE TABLE ecl_history.stale_steps (
  start timestamptz NOT NULL,
  series integer NOT NULL,
  PRIMARY KEY (series, start)
);

-- One row while a process does the maintenance: who, and how long it may take until it is taken for dead.
CREATE TABLE ecl_history.maintenance (
  id integer PRIMARY KEY CHECK (id = 1),
  holder text NOT NULL,
  until timestamptz NOT NULL
);
