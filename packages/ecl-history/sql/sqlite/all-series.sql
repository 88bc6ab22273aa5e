-- all-series: the windows of all intervals, and their roll-ups.
--
-- Inputs   none
-- Result   a row each; those of one interval after each other, the windows first, then the longer steps
--
-- Only reads.
SELECT id, group_name, interval, seconds, kept_from FROM series ORDER BY group_name, interval, seconds
