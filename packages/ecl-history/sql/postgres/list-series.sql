-- list-series: what windows there are.
--
-- Inputs   none
-- Result   a row for each interval of each group of which a window is kept, with the starts of the first and the last
--
-- Each is a look into the index: every question begins with this one. Roll-ups have no windows, and so no row.
--
-- Only reads.
SELECT
  s.group_name, s.interval,
  date_part('epoch', w.first) AS first, date_part('epoch', w.last) AS last
FROM ecl_history.series s
CROSS JOIN LATERAL (
  SELECT
    (SELECT min(start) FROM ecl_history.windows WHERE series = s.id AND start >= s.kept_from) AS first,
    (SELECT max(start) FROM ecl_history.windows WHERE series = s.id AND start >= s.kept_from) AS last
) w
WHERE w.first IS NOT NULL
ORDER BY s.group_name, s.seconds, s.interval
