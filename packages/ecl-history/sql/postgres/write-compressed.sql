-- write-compressed: lets a transaction change as much of what TimescaleDB has compressed as there is to change.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: it sets the same once more, until the end of the transaction.
SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0
