-- read-version: which migrations have been applied.
--
-- Inputs   none
-- Result   one row: the last one, 0 for none; and whether counts are in hypertables of TimescaleDB
--
-- Only reads.
SELECT
  coalesce(max(version), 0) AS version,
  to_regclass('ecl_history.counts') IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass('ecl_history.counts')
    ) AS is_hypertable
FROM ecl_history.schema_versions
