-- read-counts: all counts of windows.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row each; the count as a 64-bit integer
--
-- Only reads.
SELECT start, event, n
FROM counts
WHERE series = :series AND start >= :from AND start < :to
