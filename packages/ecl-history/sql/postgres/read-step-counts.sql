-- read-step-counts: counts of tiles of a roll-up.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last; $4: the numbers of the events
--          that are wanted; null for all
-- Result   a row each
--
-- All counts of the tiles are looked at: see read-step-counts-of for a few events. Only reads.
SELECT date_part('epoch', c.start) AS start, c.event, c.windows, c.n, c.least, c.most
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT start, event, windows, n, least, most FROM ecl_history.step_counts s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) c
WHERE $4::integer[] IS NULL OR c.event = ANY ($4)
