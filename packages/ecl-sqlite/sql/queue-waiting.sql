-- queue-waiting: whether there are entries to take.
--
-- Inputs   :group_name, :interval
-- Result   one row, or none
--
-- Only reads.
SELECT 1 FROM closed
WHERE group_name = :group_name AND interval = :interval AND archiver = '' AND error = ''
LIMIT 1
