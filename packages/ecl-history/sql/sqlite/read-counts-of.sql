-- read-counts-of: the counts of a few events of windows.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :events: their numbers, a JSON array
-- Result   a row each; the count as a 64-bit integer
--
-- Each is looked up in its window: there are few of them, and a window may have very many.
--
-- Only reads.
SELECT c.start, c.event, c.n
FROM windows w
CROSS JOIN json_each(:events) e
CROSS JOIN counts c ON c.series = w.series AND c.start = w.start AND c.event = e.value
WHERE w.series = :series AND w.start >= :from AND w.start < :to
