-- read-counts: all counts of windows.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT date_part('epoch', start) AS start, event, n
FROM ecl_history.counts c
WHERE series = $1 AND c.start >= to_timestamp($2) AND c.start < to_timestamp($3)
