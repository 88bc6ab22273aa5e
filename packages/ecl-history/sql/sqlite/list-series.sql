-- list-series: what windows there are.
--
-- Inputs   none
-- Result   a row for each interval of each group of which a window is kept, with the starts of the first and the last
--
-- Each is a look into the index: every question begins with this one. Roll-ups have no windows, and so no row.
--
-- Only reads.
SELECT group_name, interval, first, last
FROM (
  SELECT
    group_name, interval, seconds,
    (SELECT min(start) FROM windows WHERE series = s.id AND start >= s.kept_from) AS first,
    (SELECT max(start) FROM windows WHERE series = s.id AND start >= s.kept_from) AS last
  FROM series s
)
WHERE first IS NOT NULL
ORDER BY group_name, seconds, interval
