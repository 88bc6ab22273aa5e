-- drop-counts: removes the counts of one window.
--
-- Inputs   :series, :start
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM counts WHERE series = :series AND start = :start
