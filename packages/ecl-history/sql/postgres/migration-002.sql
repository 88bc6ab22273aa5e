-- migration-002: lets names of events be of any length. A btree takes no more than 2,704 bytes.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: it is run under the lock of migrations, where version 2 is missing, in the transaction that enters it.
ALTER TABLE ecl_history.events DROP CONSTRAINT IF EXISTS events_name_key;

-- As unique as before: a hash finds what is to be compared, and the whole names are.
ALTER TABLE ecl_history.events ADD CONSTRAINT events_name_key EXCLUDE USING hash (name WITH =);
