-- list-stale: steps of a roll-up that are not as their windows are.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :limit: how many; -1 for all
-- Result   a row each, by start
--
-- Only reads.
SELECT start FROM stale_steps
WHERE series = :series AND start >= :from AND start < :to
ORDER BY start LIMIT :limit
