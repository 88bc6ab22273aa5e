-- queue-archivers: who has entries of a queue.
--
-- Inputs   :group_name, :interval
-- Result   one row for each archiver
--
-- Only reads.
SELECT archiver, count(*) AS pending, max(heard_ms) AS heard_ms
FROM closed
WHERE group_name = :group_name AND interval = :interval AND archiver <> '' AND error = ''
GROUP BY archiver
ORDER BY archiver
