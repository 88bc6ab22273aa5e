-- drop-counts: forgets the counts of windows.
--
-- Inputs   $1: series; $2: starts
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM ecl_history.counts t
USING unnest($1::integer[], $2::bigint[]) AS given (series, at)
WHERE t.series = given.series AND t.start = to_timestamp(given.at)
