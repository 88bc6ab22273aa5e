-- skip-windows: the start of the window that follows on so many others.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last; $4: how many
-- Result   one row, or none where there are no more than that
--
-- Only reads.
SELECT date_part('epoch', start) AS start
FROM ecl_history.windows
WHERE series = $1 AND start >= to_timestamp($2) AND start < to_timestamp($3)
ORDER BY windows.start LIMIT 1 OFFSET $4
