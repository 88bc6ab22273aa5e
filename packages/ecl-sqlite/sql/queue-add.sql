-- queue-add: puts a window, or a part of one, into the queue.
--
-- Inputs   what is known of the window
-- Result   none
--
-- Safe to repeat: it is in one transaction with the mark that says that it has been done.
INSERT INTO closed (
  group_name, interval, start, length, published_ms, revision, part, parts, completeness, late, total, counts
)
VALUES (
  :group_name, :interval, :start, :length, :published_ms, :revision, :part, :parts, :completeness, :late, :total, :counts
)
