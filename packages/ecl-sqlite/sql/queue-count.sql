-- queue-count: adds to what has become of the entries of a queue.
--
-- Inputs   :group_name, :interval; :archived, :rejected, :dropped
-- Result   none
--
-- Safe to repeat: it is in one transaction with what it counts.
INSERT INTO queue_tally VALUES (:group_name, :interval, :archived, :rejected, :dropped)
ON CONFLICT DO UPDATE SET
  archived = archived + excluded.archived,
  rejected = rejected + excluded.rejected,
  dropped = dropped + excluded.dropped
