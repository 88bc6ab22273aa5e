-- drop-parts: forgets which parts of windows have come.
--
-- Inputs   $1: series; $2: starts
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM ecl_history.window_parts t
USING unnest($1::integer[], $2::bigint[]) AS given (series, at)
WHERE t.series = given.series AND t.start = to_timestamp(given.at)
