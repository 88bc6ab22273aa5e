-- queue-replay: makes an entry of a dead letter again, behind all that is there.
--
-- Inputs   :id; :next: the next entry's number
-- Result   one changed row; none where there is no such letter
--
-- Safe to repeat: the second time it has another number.
UPDATE closed SET id = :next, archiver = '', heard_ms = 0, error = '', rejected_ms = 0
WHERE id = :id AND error <> ''
