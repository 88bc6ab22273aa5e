-- skip-windows: the start of the window that follows on so many others.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :skip: how many
-- Result   one row, or none where there are no more than that
--
-- Only reads.
SELECT start FROM windows
WHERE series = :series AND start >= :from AND start < :to
ORDER BY start LIMIT 1 OFFSET :skip
