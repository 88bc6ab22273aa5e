-- name-events: the names of events.
--
-- Inputs   $1: numbers
-- Result   a row each
--
-- Only reads.
SELECT id, name FROM ecl_history.events WHERE id = ANY ($1)
