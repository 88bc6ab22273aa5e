-- read-counts-of: the counts of some events of windows.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last; $4: numbers of events
-- Result   a row each
--
-- Each is looked up in its window: there are few of them, and a window may have very many.
--
-- Only reads.
SELECT date_part('epoch', w.start) AS start, asked.event, c.n
FROM ecl_history.windows w
CROSS JOIN unnest($4::integer[]) AS asked (event)
CROSS JOIN LATERAL (
  SELECT n FROM ecl_history.counts s
  WHERE s.series = w.series AND s.start = w.start AND s.event = asked.event
  OFFSET 0
) c
WHERE w.series = $1 AND w.start >= to_timestamp($2) AND w.start < to_timestamp($3)
