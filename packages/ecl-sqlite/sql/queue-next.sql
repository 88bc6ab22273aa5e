-- queue-next: the next entry's number, which rises with each publication.
--
-- Inputs   none
-- Result   one row with id
--
-- Only reads.
SELECT max(
  coalesce((SELECT max(id) FROM closed), 0),
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'closed'), 0)
) + 1 AS id
