-- list-series: of what there are windows, or were, before their time to be kept was over.
--
-- Inputs   none
-- Result   a row for each interval of each group, with the starts of the first and the last window, and from when on they
--          are kept
--
-- Each is a look into the index: every question begins with this one. Roll-ups have no windows, and so no row.
--
-- Only reads.
SELECT
  group_name, interval, kept_from,
  coalesce(min(first, first_kept), first, first_kept) AS first,
  coalesce(max(last, last_kept), last, last_kept) AS last
FROM (
  SELECT
    group_name, interval, seconds, kept_from, first, last,
    (SELECT min(start) FROM windows WHERE series = s.id AND start >= s.kept_from) AS first_kept,
    (SELECT max(start) FROM windows WHERE series = s.id AND start >= s.kept_from) AS last_kept
  FROM series s
)
WHERE first IS NOT NULL OR first_kept IS NOT NULL
ORDER BY group_name, seconds, interval
