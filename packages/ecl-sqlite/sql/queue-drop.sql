-- queue-drop: removes what is over the bounds of a queue, the oldest first.
--
-- Inputs   :group_name, :interval; :published_before; :entries: how many may stay
-- Result   so many changed rows
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM closed
WHERE id IN (
  SELECT id FROM (
    SELECT id, published_ms, row_number() OVER (ORDER BY id DESC) AS place
    FROM closed
    WHERE group_name = :group_name AND interval = :interval AND error = ''
  )
  WHERE place > :entries OR published_ms < :published_before
)
