-- add-weeks: makes the parts of both tables of counts that hold some instants.
--
-- Inputs   $1: instants
-- Result   none
--
-- Safe to repeat: what is there stays.
SELECT ecl_history.add_week(parent, to_timestamp(at))
FROM unnest($1::bigint[]) AS at, (VALUES ('counts'), ('step_counts')) AS parents (parent)
