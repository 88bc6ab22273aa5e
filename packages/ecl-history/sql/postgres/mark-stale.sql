-- mark-stale: writes down that the windows of steps have changed.
--
-- Inputs   $1: series; $2: starts of the steps
-- Result   none
--
-- A mark that is there is written once more: so the maintenance, which removes it before it looks at the windows, waits
-- for the end of this transaction, and sees them.
--
-- Safe to repeat: a step is there once. In one order, so that no two that do so wait for each other.
INSERT INTO ecl_history.stale_steps (series, start)
SELECT series, to_timestamp(at)
FROM unnest($1::integer[], $2::bigint[]) AS given (series, at)
ORDER BY series, at
ON CONFLICT (series, start) DO UPDATE SET series = excluded.series
