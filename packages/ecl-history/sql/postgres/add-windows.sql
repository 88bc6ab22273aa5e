-- add-windows: enters windows that are not there yet.
--
-- Inputs   $1: series; $2: starts; $3, $4: versions; $5: completeness; $6: late; $7: total; $8: missing parts
-- Result   none
--
-- Safe to repeat: what is there stays. In one order, so that no two that do so wait for each other.
INSERT INTO ecl_history.windows
  (series, start, published_ms, revision, completeness, late, total, missing_parts)
SELECT series, to_timestamp(at), published_ms, revision, completeness, late, total, missing_parts
FROM unnest(
  $1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bigint[],
  $8::integer[]
) AS given (series, at, published_ms, revision, completeness, late, total, missing_parts)
ORDER BY series, at
ON CONFLICT DO NOTHING
