-- counts: all events of one window.
--
-- Inputs   :series, :generation
-- Result   one row for each event: its name, its count as a 64-bit integer
--
-- Only reads.
SELECT event, n FROM counter WHERE series = :series AND generation = :generation
