-- find-timescale: whether TimescaleDB is installed in this database.
--
-- Inputs   none
-- Result   one row
--
-- Only reads.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS is_there
