-- read-counts: counts of windows.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :events: the numbers of the events that are
--          wanted, a JSON array; null for all
-- Result   a row each; the count as a 64-bit integer
--
-- All counts of the windows are looked at: see read-counts-of for a few events. Only reads.
SELECT start, event, n
FROM counts
WHERE series = :series AND start >= :from AND start < :to
  AND (:events IS NULL OR +event IN (SELECT value FROM json_each(:events)))
