-- read-steps: tiles of a roll-up.
--
-- Inputs   $1: series; $2, $3: ranges: the first start of each, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT
  date_part('epoch', w.start) AS start, windows, published_ms, revision, completeness, late, total
FROM unnest($2::bigint[], $3::bigint[]) AS asked (from_at, to_at)
CROSS JOIN LATERAL (
  SELECT * FROM ecl_history.step_windows s
  WHERE s.series = $1 AND s.start >= to_timestamp(from_at) AND s.start < to_timestamp(to_at)
  OFFSET 0
) w
