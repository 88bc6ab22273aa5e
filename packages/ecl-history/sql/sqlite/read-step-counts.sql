-- read-step-counts: counts of tiles of a roll-up.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :events: the numbers of the events that are
--          wanted, a JSON array; null for all
-- Result   a row each; counts as 64-bit integers
--
-- All counts of the tiles are looked at: see read-step-counts-of for a few events. Only reads.
SELECT start, event, windows, n, least, most
FROM step_counts
WHERE series = :series AND start >= :from AND start < :to
  AND (:events IS NULL OR +event IN (SELECT value FROM json_each(:events)))
