-- begin-write: begins a transaction that writes.
--
-- Inputs   none
-- Result   none
--
-- The limits go with each transaction, not with the connection: a pooler such as PgBouncer refuses them there. A statement
-- that takes a minute is stuck; those of the maintenance are made so small that none should.
--
-- Safe to repeat: it is run where no transaction is open.
BEGIN;
SET LOCAL statement_timeout = '60s';
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
