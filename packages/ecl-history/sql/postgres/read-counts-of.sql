-- read-counts-of: the counts of a few events of windows.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last; $4: numbers of events
-- Result   a row each
--
-- Each is looked up in its window: there are few of them, and a window may have very many. Only reads.
SELECT date_part('epoch', w.start) AS start, wanted.event, c.n
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT start FROM ecl_history.windows s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) w
CROSS JOIN unnest($4::integer[]) AS wanted (event)
CROSS JOIN LATERAL (
  SELECT n FROM ecl_history.counts s
  WHERE s.series = $1 AND s.start = w.start AND s.event = wanted.event
  OFFSET 0
) c
