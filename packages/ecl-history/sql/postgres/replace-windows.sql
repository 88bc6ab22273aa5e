-- replace-windows: puts later versions of windows in the place of earlier ones.
--
-- Inputs   $1: series; $2: starts; $3, $4: versions; $5: completeness; $6: late; $7: total; $8: missing parts
-- Result   none
--
-- Safe to repeat: it is run where lock-windows has found an older version in the same transaction.
UPDATE ecl_history.windows w SET
  published_ms = given.published_ms,
  revision = given.revision,
  completeness = given.completeness,
  late = given.late,
  total = given.total,
  missing_parts = given.missing_parts
FROM unnest(
  $1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bigint[],
  $8::integer[]
) AS given (series, at, published_ms, revision, completeness, late, total, missing_parts)
WHERE w.series = given.series AND w.start = to_timestamp(given.at)
