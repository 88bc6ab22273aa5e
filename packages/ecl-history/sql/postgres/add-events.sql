-- add-events: gives events numbers, in the order of their names, so that no two that do so wait for each other.
--
-- Inputs   $1: names
-- Result   none
--
-- Safe to repeat: who has a number keeps it.
INSERT INTO ecl_history.events (name)
SELECT name FROM unnest($1::text[]) AS name ORDER BY name COLLATE "C"
ON CONFLICT DO NOTHING
