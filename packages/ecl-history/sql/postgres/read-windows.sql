-- read-windows: windows by start. One of which parts are missing is pending at best.
--
-- Inputs   $1: series; $2, $3: the first start, and the one behind the last
-- Result   a row each
--
-- Only reads.
SELECT
  date_part('epoch', w.start) AS start, 1 AS windows, published_ms, revision,
  CASE WHEN missing_parts > 0 THEN greatest(completeness, 1) ELSE completeness END AS completeness,
  late, total
FROM ecl_history.windows w
WHERE series = $1 AND w.start >= to_timestamp($2) AND w.start < to_timestamp($3)
ORDER BY w.start
