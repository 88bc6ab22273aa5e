-- find-version: what the tables are like.
--
-- Inputs   none
-- Result   one row: whether the tables that tell it are there
--
-- Only reads.
SELECT to_regclass('ecl_history.schema_versions') IS NOT NULL AS is_there
