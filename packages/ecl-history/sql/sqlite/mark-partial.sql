-- mark-partial: writes down that counts of a window are missing for good.
--
-- Inputs   :series, :start: the window
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE windows SET completeness = 3 WHERE series = :series AND start = :start
