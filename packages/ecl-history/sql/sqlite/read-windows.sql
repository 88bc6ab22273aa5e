-- read-windows: windows by start. One of which parts are missing is pending at best.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT
  start, 1 AS windows, published_ms, revision,
  iif(missing_parts > 0, max(completeness, 1), completeness) AS completeness, late, total
FROM windows
WHERE series = :series AND start >= :from AND start < :to
ORDER BY start
