-- find-left-steps: what is left of the steps of a roll-up, of which some may have been removed: counts go first, the oldest before others.
--
-- Inputs   $1: series
-- Result   one row of starts, 0 where there is none: the first, the first that has counts, and the last that has lost its own
--
-- Only reads. All of them are looked at, so it is for what hardly ever happens.
SELECT
  date_part('epoch', first) AS first, date_part('epoch', first_count) AS first_count,
  date_part('epoch', emptied) AS emptied
FROM (
  SELECT
    coalesce((SELECT min(start) FROM ecl_history.step_windows WHERE series = $1), 'epoch') AS first,
    coalesce((SELECT min(start) FROM ecl_history.step_counts WHERE series = $1), 'epoch') AS first_count,
    coalesce(
      (
        SELECT max(start) FROM ecl_history.step_windows w
        WHERE series = $1 AND total <> 0
          AND NOT EXISTS (SELECT 1 FROM ecl_history.step_counts c WHERE c.series = w.series AND c.start = w.start)
      ),
      'epoch'
    ) AS emptied
) AS left_over
