-- skip-steps: the start of the step of a roll-up that follows on so many others, whether they are rolled up or not.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last; $4: how many
-- Result   one row, or none where there are no more than that
--
-- Only reads.
SELECT date_part('epoch', at) AS start
FROM (
  SELECT start FROM ecl_history.step_windows
  WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
  UNION
  SELECT start FROM ecl_history.stale_steps
  WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
) AS steps (at)
ORDER BY at LIMIT 1 OFFSET $4
