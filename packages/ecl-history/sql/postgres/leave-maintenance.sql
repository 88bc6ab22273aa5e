-- leave-maintenance: lets others do the maintenance.
--
-- Inputs   $1: who
-- Result   none
--
-- Safe to repeat: it only removes what is the holder's own.
DELETE FROM ecl_history.maintenance WHERE holder = $1
