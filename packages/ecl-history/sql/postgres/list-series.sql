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
  s.group_name, s.interval, date_part('epoch', s.kept_from) AS kept_from,
  date_part('epoch', least(s.first, w.first)) AS first,
  date_part('epoch', greatest(s.last, w.last)) AS last
FROM ecl_history.series s
CROSS JOIN LATERAL (
  SELECT
    (SELECT min(start) FROM ecl_history.windows WHERE series = s.id AND start >= s.kept_from) AS first,
    (SELECT max(start) FROM ecl_history.windows WHERE series = s.id AND start >= s.kept_from) AS last
) w
WHERE least(s.first, w.first) IS NOT NULL
ORDER BY s.group_name, s.seconds, s.interval
