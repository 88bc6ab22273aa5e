-- drop-stale: removes marks that steps of a roll-up are not as their windows are.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM stale_steps WHERE series = :series AND start >= :from AND start < :to
