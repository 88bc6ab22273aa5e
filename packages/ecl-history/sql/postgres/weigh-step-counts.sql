-- weigh-step-counts: how often each event happened in steps of a roll-up, near enough to rank them.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   a row for each event
--
-- Only reads.
SELECT event, sum(n)::double precision AS weight
FROM ecl_history.step_counts
WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
GROUP BY event
