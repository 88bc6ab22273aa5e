-- read-step-counts-of: the counts of a few events of tiles of a roll-up.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last; $4: numbers of events
-- Result   a row each
--
-- Each is looked up in its tile: there are few of them, and a tile may have very many. Only reads.
SELECT date_part('epoch', w.start) AS start, wanted.event, c.windows, c.n, c.least, c.most
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT start FROM ecl_history.step_windows s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) w
CROSS JOIN unnest($4::integer[]) AS wanted (event)
CROSS JOIN LATERAL (
  SELECT windows, n, least, most FROM ecl_history.step_counts s
  WHERE s.series = $1 AND s.start = w.start AND s.event = wanted.event
  OFFSET 0
) c
