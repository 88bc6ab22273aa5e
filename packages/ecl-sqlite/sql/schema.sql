-- schema: everything that a file of counts holds.
--
-- Inputs   none
-- Result   none; run once, in the transaction that also sets application_id and user_version
--
-- Safe to repeat: it is run where the file was empty within the same transaction; of two processes that open a fresh
-- file at once, the second finds the tables there.

-- One interval of one group, with its two windows. The counts of the current window are those of its generation, those
-- of the last one have the generation before, and older ones are waiting to be swept: so turning a window over is one
-- write, whatever the number of events. A series that a batch began has the generation 1, one that a master began or
-- turned over a higher one: from then on its windows have a place for each declared event.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  group_name TEXT NOT NULL,
  -- As spelled in the config.
  interval TEXT NOT NULL,
  -- Starts of the windows, epoch seconds.
  current INTEGER NOT NULL,
  last INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  -- What loggers say that they have put there and that happened there.
  current_sum INTEGER NOT NULL DEFAULT 0,
  last_sum INTEGER NOT NULL DEFAULT 0,
  -- When the latest counts were made that were put into the current window though the next one should have begun.
  ahead INTEGER NOT NULL DEFAULT 0,
  UNIQUE (group_name, interval)
) STRICT;

CREATE TABLE counter (
  series INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  event TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (series, generation, event)
) STRICT, WITHOUT ROWID;

-- What is known of each client: one EventGroup instance in one process. Sums are REAL, as in the program: exact up to
-- 2^53, and no overflow beyond.
CREATE TABLE client (
  group_name TEXT NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  last_use INTEGER NOT NULL,
  -- 0, 1 after a farewell, or 2 where it fell silent and somebody has said since that this is known.
  closed INTEGER NOT NULL,
  through INTEGER NOT NULL,
  loss_until INTEGER NOT NULL,
  logged REAL NOT NULL,
  applied REAL NOT NULL,
  unsent REAL NOT NULL,
  refused REAL NOT NULL,
  late REAL NOT NULL,
  replayed REAL NOT NULL,
  PRIMARY KEY (group_name, id)
) STRICT, WITHOUT ROWID;
