-- queue-hear: writes down when an archiver was heard about an entry.
--
-- Inputs   :id, :archiver; :heard_ms
-- Result   none
--
-- Safe to repeat: it sets the same once more, while the entry is this archiver's.
UPDATE closed SET heard_ms = :heard_ms WHERE id = :id AND archiver = :archiver
