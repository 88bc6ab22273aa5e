-- count-events: how many events have a count in a window.
--
-- Inputs   :series, :generation
-- Result   one row with n
--
-- Only reads.
SELECT count(*) AS n FROM counter WHERE series = :series AND generation = :generation
