-- add-series: enters the windows of an interval, and their roll-ups.
--
-- Inputs   $1: the group; $2: the interval; $3: their lengths
-- Result   none
--
-- Safe to repeat: what is there stays.
INSERT INTO ecl_history.series (group_name, interval, seconds)
SELECT $1, $2, seconds FROM unnest($3::integer[]) AS seconds
ON CONFLICT DO NOTHING
