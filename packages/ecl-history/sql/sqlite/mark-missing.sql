-- mark-missing: writes down how many parts of a window are still missing.
--
-- Inputs   :series, :start, :missing_parts
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE windows SET missing_parts = :missing_parts WHERE series = :series AND start = :start
