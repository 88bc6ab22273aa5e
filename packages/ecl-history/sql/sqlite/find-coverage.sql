-- find-coverage: whether anything is known of a time, of any interval or roll-up.
--
-- Inputs   :from, :to: where it begins, and where it ends
-- Result   one row: 0 or 1
--
-- Only reads.
SELECT EXISTS (
  SELECT 1 FROM series s
  WHERE EXISTS (SELECT 1 FROM windows w WHERE w.series = s.id AND w.start >= :from AND w.start < :to)
    OR EXISTS (SELECT 1 FROM step_windows w WHERE w.series = s.id AND w.start >= :from AND w.start < :to)
) AS n
