-- expire-parts: removes some of the marks which parts of windows have come, that are no longer kept.
--
-- Inputs   $1: series; $2: from when on they are kept; $3: how many, and those of the last window or step
--          among them
-- Result   one row: how many have been removed; 0: there are no more of them
--
-- Safe to repeat, and to leave undone: nobody reads them any more, and what is not removed now is the next time.
WITH removed AS (
  DELETE FROM ecl_history.window_parts
  WHERE series = $1 AND start < to_timestamp($2) AND start <= coalesce(
    (
      SELECT start FROM ecl_history.window_parts
      WHERE series = $1 AND start < to_timestamp($2)
      ORDER BY start LIMIT 1 OFFSET $3
    ),
    'infinity'
  )
  RETURNING series
)
SELECT count(*) AS n FROM removed
