-- drop-parts: forgets which parts of a window have come.
--
-- Inputs   :series, :start
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM window_parts WHERE series = :series AND start = :start
