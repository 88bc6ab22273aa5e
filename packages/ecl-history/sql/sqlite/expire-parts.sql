-- expire-parts: removes some of the marks which parts of windows have come, that are no longer kept.
--
-- Inputs   :series; :kept_from: from when on they are kept; :limit
-- Result   so many changed rows; fewer than the limit: there are no more of them
--
-- Safe to repeat, and to leave undone: nobody reads them any more, and what is not removed now is the next time.
DELETE FROM window_parts
WHERE series = :series AND (start, part) IN (
  SELECT start, part FROM window_parts
  WHERE series = :series AND start < :kept_from
  LIMIT :limit
)
