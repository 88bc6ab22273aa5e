-- lock-migrations: lets others wait who would migrate, too, until the end of the transaction.
--
-- Inputs   none; the number says "eclh"
-- Result   none
--
-- Safe to repeat: whoever has it may take it again.
SELECT pg_advisory_xact_lock(1701014632);
-- For tables, which somebody may be reading: the migration waits, and with it all who come after it.
SET LOCAL lock_timeout = '5s'
