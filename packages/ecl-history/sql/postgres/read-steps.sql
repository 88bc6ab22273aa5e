-- read-steps: steps of a roll-up by start.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT
  date_part('epoch', w.start) AS start, windows, published_ms, revision, completeness, late, total
FROM ecl_history.step_windows w
WHERE series = $1 AND w.start >= to_timestamp($2) AND w.start < to_timestamp($3)
ORDER BY w.start
