-- find-version: what the database and the tables are like.
--
-- Inputs   none
-- Result   one row: whether the tables that tell it are there, and the database's encoding
--
-- Only reads.
SELECT
  to_regclass('ecl_history.schema_versions') IS NOT NULL AS is_there,
  current_setting('server_encoding') AS encoding
