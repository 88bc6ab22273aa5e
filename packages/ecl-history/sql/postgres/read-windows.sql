-- read-windows: windows. One of which parts are missing is pending at best.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT
  date_part('epoch', w.start) AS start, 1 AS windows, published_ms, revision,
  CASE WHEN missing_parts > 0 THEN greatest(completeness, 1) ELSE completeness END AS completeness,
  late, total
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT * FROM ecl_history.windows s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) w
