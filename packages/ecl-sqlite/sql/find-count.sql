-- find-count: whether an event has a count in a window.
--
-- Inputs   :series, :generation, :event
-- Result   one row, or none
--
-- Only reads.
SELECT 1 FROM counter WHERE series = :series AND generation = :generation AND event = :event
