-- put-count: enters the count of an event in a window.
--
-- Inputs   all columns of counts
-- Result   none
--
-- Safe to repeat: the count is absolute, and sets the same once more.
INSERT INTO counts VALUES (:series, :start, :event, :n) ON CONFLICT DO UPDATE SET n = excluded.n
