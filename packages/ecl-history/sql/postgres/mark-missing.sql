-- mark-missing: writes down how many parts of windows are still missing.
--
-- Inputs   $1: series; $2: starts; $3: how many
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE ecl_history.windows w SET missing_parts = given.missing_parts
FROM unnest($1::integer[], $2::bigint[], $3::integer[]) AS given (series, at, missing_parts)
WHERE w.series = given.series AND w.start = to_timestamp(given.at)
