-- begin-read: begins a transaction that reads the database as it is at one instant.
--
-- Inputs   none
-- Result   none
--
-- The limits are those of begin-write.
--
-- Safe to repeat: it is run where no transaction is open.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '60s';
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
