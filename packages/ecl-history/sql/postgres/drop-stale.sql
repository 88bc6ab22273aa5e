-- drop-stale: removes marks that steps of a roll-up are not as their windows are.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   none
--
-- Run before the windows are looked at: whoever changes them meanwhile has put the mark there, and is waited for, or
-- waits, and puts it there once more.
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM ecl_history.stale_steps
WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
