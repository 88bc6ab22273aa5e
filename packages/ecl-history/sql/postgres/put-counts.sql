-- put-counts: enters counts of events in windows.
--
-- Inputs   $1: series; $2: starts; $3: events; $4: counts
-- Result   none
--
-- Safe to repeat: counts are absolute, and set the same once more.
INSERT INTO ecl_history.counts (series, start, event, n)
SELECT series, to_timestamp(at), event, n
FROM unnest($1::integer[], $2::bigint[], $3::integer[], $4::bigint[]) AS given (series, at, event, n)
ON CONFLICT (series, start, event) DO UPDATE SET n = excluded.n
