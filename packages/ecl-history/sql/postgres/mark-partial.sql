-- mark-partial: writes down that counts of windows are missing for good.
--
-- Inputs   $1: series; $2: starts
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE ecl_history.windows w SET completeness = 3
FROM unnest($1::integer[], $2::bigint[]) AS given (series, at)
WHERE w.series = given.series AND w.start = to_timestamp(given.at)
