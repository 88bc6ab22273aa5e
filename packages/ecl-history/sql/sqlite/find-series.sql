-- find-series: the windows of an interval, and their roll-ups.
--
-- Inputs   :group_name, :interval
-- Result   a row each, the windows first, then the longer steps
--
-- Only reads.
SELECT id, seconds, kept_from
FROM series
WHERE group_name = :group_name AND interval = :interval
ORDER BY seconds
