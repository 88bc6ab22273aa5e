-- drop-step-counts: removes events of steps of a roll-up.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM ecl_history.step_counts
WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
