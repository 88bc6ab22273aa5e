-- read-step-counts: all events of steps of a roll-up.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row each; counts as 64-bit integers
--
-- Only reads.
SELECT start, event, windows, n, least, most
FROM step_counts
WHERE series = :series AND start >= :from AND start < :to
