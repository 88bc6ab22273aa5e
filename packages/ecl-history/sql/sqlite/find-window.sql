-- find-window: the version of a window that is there, and how much of it is missing.
--
-- Inputs   :series, :start
-- Result   one row, or none
--
-- Only reads.
SELECT published_ms, revision, missing_parts FROM windows WHERE series = :series AND start = :start
