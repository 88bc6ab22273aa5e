-- mark-stale: writes down that the windows of a step have changed.
--
-- Inputs   :series, :start: of the step
-- Result   none
--
-- Safe to repeat: a step is there once.
INSERT INTO stale_steps VALUES (:series, :start) ON CONFLICT DO NOTHING
