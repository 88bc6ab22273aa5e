-- queue-silent: whether there are entries whose archivers are silent.
--
-- Inputs   :group_name, :interval; :heard_before
-- Result   one row, or none
--
-- Only reads.
SELECT 1 FROM closed
WHERE group_name = :group_name AND interval = :interval AND archiver <> '' AND error = ''
  AND heard_ms <= :heard_before
LIMIT 1
