-- find-coverage: whether anything is known of a time, of any interval or roll-up.
--
-- Inputs   $1, $2: where it begins, and where it ends
-- Result   one row: 0 or 1
--
-- Only reads.
SELECT EXISTS (
  SELECT FROM ecl_history.series s
  WHERE EXISTS (
    SELECT FROM ecl_history.windows w
    WHERE w.series = s.id AND w.start >= to_timestamp($1) AND w.start < to_timestamp($2)
  ) OR EXISTS (
    SELECT FROM ecl_history.step_windows w
    WHERE w.series = s.id AND w.start >= to_timestamp($1) AND w.start < to_timestamp($2)
  )
)::integer AS n
