-- queue-take: gives entries that nobody has to an archiver, the oldest first.
--
-- Inputs   :group_name, :interval, :archiver; :now_ms; :limit
-- Result   the entries, in no order
--
-- Safe to repeat: what was taken, and never came to the archiver, is given to another one when this one is silent.
UPDATE closed SET archiver = :archiver, heard_ms = :now_ms
WHERE id IN (
  SELECT id FROM closed
  WHERE group_name = :group_name AND interval = :interval AND archiver = '' AND error = ''
  ORDER BY id
  LIMIT :limit
)
RETURNING
  id, start, length, published_ms, revision, part, parts, completeness, late, total, counts, error, rejected_ms
