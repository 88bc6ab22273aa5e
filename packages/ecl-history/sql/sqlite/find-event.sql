-- find-event: the number of an event.
--
-- Inputs   :name
-- Result   one row, or none
--
-- Only reads.
SELECT id FROM events WHERE name = :name
