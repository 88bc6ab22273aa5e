-- name-event: the name of an event.
--
-- Inputs   :id
-- Result   one row
--
-- Only reads.
SELECT name FROM events WHERE id = :id
