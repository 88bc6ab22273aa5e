-- drop-steps: removes steps of a roll-up.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM step_windows WHERE series = :series AND start >= :from AND start < :to
