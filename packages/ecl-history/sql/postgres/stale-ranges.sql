-- stale-ranges: tiles of roll-ups that are not as their windows are; those that follow on each other as one.
--
-- Inputs   $1: series; $2: the length of the tiles of each, seconds; $3, $4: the first start, and the one behind the last
-- Result   a row each, in their order: the start of the first and of the last tile of it
--
-- Of starts that follow on each other, the difference to their ordinal number is the same. Only reads.
SELECT series, date_part('epoch', min(start)) AS first, date_part('epoch', max(start)) AS last
FROM (
  SELECT
    series, start,
    start - make_interval(secs => seconds) * row_number() OVER (PARTITION BY series ORDER BY start) AS run
  FROM ecl_history.stale_steps
  JOIN unnest($1::integer[], $2::integer[]) AS asked (series, seconds) USING (series)
  WHERE start >= to_timestamp($3) AND start < to_timestamp($4)
) AS stale
GROUP BY series, run
ORDER BY min(start)
