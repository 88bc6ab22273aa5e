-- keep-from: writes down from when on windows, or tiles of a roll-up, are kept. Readers and archivers heed it at once.
--
-- Inputs   $1: series; $2: from when on
-- Result   none
--
-- When the windows began is written down, too: it cannot be told any more when they are gone.
--
-- Safe to repeat: it sets the same once more.
UPDATE ecl_history.series s SET
  kept_from = to_timestamp($2),
  first = least(s.first, (SELECT min(start) FROM ecl_history.windows WHERE series = s.id)),
  last = greatest(s.last, (SELECT max(start) FROM ecl_history.windows WHERE series = s.id))
WHERE id = $1
