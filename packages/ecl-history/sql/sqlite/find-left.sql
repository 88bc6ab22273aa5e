-- find-left: what is left of the windows of an interval, of which some may have been removed: counts go first, the oldest before others.
--
-- Inputs   :series: series
-- Result   one row of starts, 0 where there is none: the first, the first that has counts, and the last that has lost its own
--
-- Only reads. All of them are looked at, so it is for what hardly ever happens.
SELECT
  coalesce((SELECT min(start) FROM windows WHERE series = :series), 0) AS first,
  coalesce((SELECT min(start) FROM counts WHERE series = :series), 0) AS first_count,
  coalesce(
    (
      SELECT max(start) FROM windows w
      WHERE series = :series AND total <> 0
        AND NOT EXISTS (SELECT 1 FROM counts c WHERE c.series = w.series AND c.start = w.start)
    ),
    0
  ) AS emptied
