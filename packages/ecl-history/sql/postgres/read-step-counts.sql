-- read-step-counts: all events of steps of a roll-up.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT date_part('epoch', c.start) AS start, event, windows, n, least, most
FROM ecl_history.step_counts c
WHERE series = $1 AND c.start >= to_timestamp($2) AND c.start < to_timestamp($3)
