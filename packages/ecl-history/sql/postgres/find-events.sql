-- find-events: the numbers of events.
--
-- Inputs   $1: names
-- Result   a row for each that is known
--
-- Only reads.
SELECT id, name FROM ecl_history.events WHERE name = ANY ($1)
