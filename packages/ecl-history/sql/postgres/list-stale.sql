-- list-stale: steps of roll-ups that are not as their windows are.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last; $4: how many; null for all
-- Result   a row each, by start
--
-- Only reads.
SELECT series, date_part('epoch', start) AS start
FROM ecl_history.stale_steps
WHERE series = ANY ($1) AND start >= to_timestamp($2) AND start < to_timestamp($3)
ORDER BY start LIMIT $4
