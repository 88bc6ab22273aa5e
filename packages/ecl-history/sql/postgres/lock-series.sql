-- lock-series: keeps others from forgetting windows until the end of the transaction, and says which are kept.
--
-- Inputs   $1: numbers of series
-- Result   a row each
--
-- Safe to repeat: whoever has the lock may take it again.
SELECT id, date_part('epoch', kept_from) AS kept_from
FROM ecl_history.series
WHERE id = ANY ($1)
ORDER BY id
FOR SHARE
