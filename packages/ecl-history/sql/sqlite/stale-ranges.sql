-- stale-ranges: tiles of a roll-up that are not as their windows are; those that follow on each other as one.
--
-- Inputs   :series, :seconds: the roll-up's; :from, :to: the first start, and the one behind the last
-- Result   a row each, in their order: the start of the first and of the last tile of it
--
-- Of starts that follow on each other, the difference to their ordinal number is the same. Only reads.
SELECT min(start) AS first, max(start) AS last
FROM (
  SELECT start, start - :seconds * row_number() OVER (ORDER BY start) AS run
  FROM stale_steps
  WHERE series = :series AND start >= :from AND start < :to
)
GROUP BY run
ORDER BY first
