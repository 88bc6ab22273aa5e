-- begin-migration: begins a transaction that migrates.
--
-- Inputs   none
-- Result   none
--
-- It may take as long as it takes, and waits for as long for another one that migrates: see lock-migrations.
--
-- Safe to repeat: it is run where no transaction is open.
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = '60s';
