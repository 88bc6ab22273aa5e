-- read-extents: between which instants the tiles of levels are: windows, or those of a roll-up.
--
-- Inputs   $1: series; $2: from when on the tiles of each are kept
-- Result   a row for each that has tiles: the start of the first and of the last one
--
-- Each is a look into the index. Only reads.
SELECT series, first, last FROM (
  SELECT
    asked.series,
    date_part('epoch', coalesce(
      (SELECT min(start) FROM ecl_history.windows w WHERE w.series = asked.series AND start >= since),
      (SELECT min(start) FROM ecl_history.step_windows w WHERE w.series = asked.series AND start >= since)
    )) AS first,
    date_part('epoch', coalesce(
      (SELECT max(start) FROM ecl_history.windows w WHERE w.series = asked.series AND start >= since),
      (SELECT max(start) FROM ecl_history.step_windows w WHERE w.series = asked.series AND start >= since)
    )) AS last
  FROM unnest($1::integer[], $2::bigint[]) AS asked (series, at)
  CROSS JOIN LATERAL (SELECT to_timestamp(at) AS since) kept
) AS extents
WHERE first IS NOT NULL
