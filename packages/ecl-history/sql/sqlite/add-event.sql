-- add-event: gives an event a number.
--
-- Inputs   :name
-- Result   its number, as the last row that was inserted
--
-- Safe to repeat: it is run where find-event has found none in the same transaction; UNIQUE would refuse a second one.
INSERT INTO events (name) VALUES (:name)
