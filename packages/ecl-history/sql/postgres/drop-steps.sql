-- drop-steps: removes steps of a roll-up.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM ecl_history.step_windows
WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
