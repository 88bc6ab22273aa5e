-- add-count: adds to one event's count.
--
-- Inputs   :series, :generation, :event; :n: a 64-bit integer
-- Result   one changed row; none where the sum would leave 64 bits, and then nothing has changed
--
-- Safe to repeat: it is in one transaction with the number of the batch, which is begun only where that is new.
INSERT INTO counter
VALUES (:series, :generation, :event, :n)
ON CONFLICT DO UPDATE SET n = n + excluded.n
WHERE typeof(n + excluded.n) = 'integer'
