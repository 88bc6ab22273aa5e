-- lock-levels: lets those wait who archive windows of an interval, until the end of the transaction.
--
-- Inputs   $1: its series
-- Result   none
--
-- Safe to repeat: whoever has the lock may take it again. In the order of lock-series.
SELECT FROM ecl_history.series WHERE id = ANY ($1) ORDER BY id FOR UPDATE
