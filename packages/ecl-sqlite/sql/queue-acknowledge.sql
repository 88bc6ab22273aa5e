-- queue-acknowledge: removes an entry that is archived.
--
-- Inputs   :id
-- Result   one changed row; none where it has been removed, or rejected
--
-- Safe to repeat: the second time it is not there.
DELETE FROM closed WHERE id = :id AND archiver <> '' AND error = ''
