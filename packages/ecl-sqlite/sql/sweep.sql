-- sweep: removes some of the counts that are older than the last window; nobody reads them any more.
--
-- Inputs   :series; :generation: the last window's; :limit
-- Result   so many changed rows; fewer than the limit: there are no more of them
--
-- Safe to repeat, and to leave undone: what is not swept now is swept after the next turn.
DELETE FROM counter
WHERE series = :series AND (generation, event) IN (
  SELECT generation, event FROM counter
  WHERE series = :series AND generation < :generation
  LIMIT :limit
)
