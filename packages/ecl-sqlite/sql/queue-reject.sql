-- queue-reject: makes an entry a dead letter.
--
-- Inputs   :id, :error; :now_ms
-- Result   one changed row; none where it has been removed, or is one already
--
-- Safe to repeat: the second time it is one.
UPDATE closed SET error = :error, rejected_ms = :now_ms WHERE id = :id AND archiver <> '' AND error = ''
