-- add-version: writes down that a migration has been applied.
--
-- Inputs   $1: its number
-- Result   none
--
-- Safe to repeat: it is run in the transaction of the migration, under the lock of migrations.
INSERT INTO ecl_history.schema_versions (version) VALUES ($1)
