-- skip-steps: the start of the step of a roll-up that follows on so many others, whether they are rolled up or not.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last; :skip: how many
-- Result   one row, or none where there are no more than that
--
-- Only reads.
SELECT start FROM step_windows WHERE series = :series AND start >= :from AND start < :to
UNION
SELECT start FROM stale_steps WHERE series = :series AND start >= :from AND start < :to
ORDER BY start LIMIT 1 OFFSET :skip
