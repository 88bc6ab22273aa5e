-- find-series: the windows of one interval.
--
-- Inputs   :group_name, :interval
-- Result   one row, or none before the first window; the sums as 64-bit integers
--
-- Only reads.
SELECT id, current, last, generation, current_sum, last_sum, ahead, published, turned
FROM series
WHERE group_name = :group_name AND interval = :interval
