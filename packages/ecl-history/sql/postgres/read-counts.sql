-- read-counts: counts of windows.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last; $4: the numbers of the events
--          that are wanted; null for all
-- Result   a row each
--
-- All counts of the windows are looked at: see read-counts-of for a few events. Only reads.
SELECT date_part('epoch', c.start) AS start, c.event, c.n
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT start, event, n FROM ecl_history.counts s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) c
WHERE $4::integer[] IS NULL OR c.event = ANY ($4)
