-- read-step-counts-of: some events of steps of a roll-up.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last; $4: numbers of events
-- Result   a row each
--
-- Each is looked up in its step: there are few of them, and a step may have very many.
--
-- Only reads.
SELECT date_part('epoch', w.start) AS start, asked.event, c.windows, c.n, c.least, c.most
FROM ecl_history.step_windows w
CROSS JOIN unnest($4::integer[]) AS asked (event)
CROSS JOIN LATERAL (
  SELECT windows, n, least, most FROM ecl_history.step_counts s
  WHERE s.series = w.series AND s.start = w.start AND s.event = asked.event
  OFFSET 0
) c
WHERE w.series = $1 AND w.start >= to_timestamp($2) AND w.start < to_timestamp($3)
