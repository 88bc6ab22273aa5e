-- leave-maintenance: lets others do the maintenance.
--
-- Inputs   :holder
-- Result   none
--
-- Safe to repeat: it only removes what is the holder's own.
DELETE FROM maintenance WHERE holder = :holder
