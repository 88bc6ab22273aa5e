-- read-steps: tiles of a roll-up by start.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT start, windows, published_ms, revision, completeness, late, total
FROM step_windows
WHERE series = :series AND start >= :from AND start < :to
ORDER BY start
