-- expire-windows: removes some of the windows that are no longer kept.
--
-- Inputs   :series; :kept_from: from when on they are kept; :limit
-- Result   so many changed rows; fewer than the limit: there are no more of them
--
-- Safe to repeat, and to leave undone: nobody reads them any more, and what is not removed now is the next time.
DELETE FROM windows
WHERE series = :series AND start IN (
  SELECT start FROM windows
  WHERE series = :series AND start < :kept_from
  LIMIT :limit
)
