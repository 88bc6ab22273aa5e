-- lock-windows: lets others wait who would enter these windows, too, until the end of the transaction; and says what is
-- there of them.
--
-- Inputs   $1: series; $2: starts
-- Result   a row each
--
-- Safe to repeat: whoever has the lock may take it again. In one order, as in add-windows.
SELECT w.series, date_part('epoch', w.start) AS start, w.published_ms, w.revision, w.missing_parts
FROM ecl_history.windows w
JOIN unnest($1::integer[], $2::bigint[]) AS given (series, at)
  ON w.series = given.series AND w.start = to_timestamp(given.at)
ORDER BY w.series, w.start
FOR UPDATE OF w
