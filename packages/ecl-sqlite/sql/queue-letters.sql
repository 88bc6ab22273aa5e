-- queue-letters: the dead letters, the oldest first.
--
-- Inputs   :group_name, :interval; :limit
-- Result   the letters
--
-- Only reads.
SELECT id, start, length, published_ms, revision, part, parts, completeness, late, total, counts, error, rejected_ms
FROM closed
WHERE group_name = :group_name AND interval = :interval AND error <> ''
ORDER BY rejected_ms, id
LIMIT :limit
