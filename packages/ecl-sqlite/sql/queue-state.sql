-- queue-state: what is known of a queue.
--
-- Inputs   :group_name, :interval
-- Result   one row
--
-- Only reads.
SELECT
  count(*) FILTER (WHERE error = '') AS length,
  count(*) FILTER (WHERE error = '' AND archiver <> '') AS pending,
  count(*) FILTER (WHERE error <> '') AS dead,
  coalesce(min(published_ms) FILTER (WHERE error = ''), 0) AS oldest_ms,
  coalesce((SELECT archived FROM queue_tally WHERE group_name = :group_name AND interval = :interval), 0) AS archived,
  coalesce((SELECT rejected FROM queue_tally WHERE group_name = :group_name AND interval = :interval), 0) AS rejected,
  coalesce((SELECT dropped FROM queue_tally WHERE group_name = :group_name AND interval = :interval), 0) AS dropped
FROM closed
WHERE group_name = :group_name AND interval = :interval
