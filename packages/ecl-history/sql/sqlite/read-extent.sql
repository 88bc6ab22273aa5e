-- read-extent: between which instants the tiles of a level are: windows, or those of a roll-up.
--
-- Inputs   :series; :kept_from: from when on they are kept
-- Result   one row: the start of the first and of the last one; none where there are none
--
-- Each is a look into the index. Only reads.
SELECT first, last FROM (
  SELECT
    coalesce(
      (SELECT min(start) FROM windows WHERE series = :series AND start >= :kept_from),
      (SELECT min(start) FROM step_windows WHERE series = :series AND start >= :kept_from)
    ) AS first,
    coalesce(
      (SELECT max(start) FROM windows WHERE series = :series AND start >= :kept_from),
      (SELECT max(start) FROM step_windows WHERE series = :series AND start >= :kept_from)
    ) AS last
)
WHERE first IS NOT NULL
