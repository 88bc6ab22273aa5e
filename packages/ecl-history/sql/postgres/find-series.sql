-- find-series: the windows of intervals, and their roll-ups.
--
-- Inputs   $1: groups; $2: the interval of each
-- Result   a row each; those of one interval after each other, the windows first, then the longer steps
--
-- Only reads.
SELECT s.id, s.group_name, s.interval, s.seconds, date_part('epoch', s.kept_from) AS kept_from
FROM ecl_history.series s
JOIN unnest($1::text[], $2::text[]) AS asked (group_name, interval) USING (group_name, interval)
ORDER BY s.group_name, s.interval, s.seconds
