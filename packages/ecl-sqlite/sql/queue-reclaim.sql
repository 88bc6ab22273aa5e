-- queue-reclaim: gives entries to an archiver that another one has and is silent about, the oldest first.
--
-- Inputs   :group_name, :interval, :archiver; :now_ms; :heard_before; :limit
-- Result   the entries, in no order
--
-- Safe to repeat: it is the same again for an archiver that is silent about them.
UPDATE closed SET archiver = :archiver, heard_ms = :now_ms
WHERE id IN (
  SELECT id FROM closed
  WHERE group_name = :group_name AND interval = :interval AND archiver <> '' AND error = ''
    AND heard_ms <= :heard_before
  ORDER BY id
  LIMIT :limit
)
RETURNING
  id, start, length, published_ms, revision, part, parts, completeness, late, total, counts, error, rejected_ms
