-- read-step-counts-of: the counts of a few events of tiles of a roll-up.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :events: their numbers, a JSON array
-- Result   a row each; counts as 64-bit integers
--
-- Each is looked up in its tile: there are few of them, and a tile may have very many.
--
-- Only reads.
SELECT c.start, c.event, c.windows, c.n, c.least, c.most
FROM step_windows w
CROSS JOIN json_each(:events) e
CROSS JOIN step_counts c ON c.series = w.series AND c.start = w.start AND c.event = e.value
WHERE w.series = :series AND w.start >= :from AND w.start < :to
