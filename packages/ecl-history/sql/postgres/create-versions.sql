-- create-versions: makes the place where it is written down what the tables are like.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat, and run under the lock of migrations: what is there stays.
CREATE SCHEMA IF NOT EXISTS ecl_history;

CREATE TABLE IF NOT EXISTS ecl_history.schema_versions (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);
