-- keep-from: writes down from when on windows, or tiles of a roll-up, are kept. Readers and archivers heed it at once.
--
-- Inputs   :series, :kept_from
-- Result   none
--
-- When the windows began is written down, too: it cannot be told any more when they are gone.
--
-- Safe to repeat: it sets the same once more.
UPDATE series SET
  kept_from = :kept_from,
  (first, last) = (
    SELECT
      coalesce(min(series.first, min(start)), series.first, min(start)),
      coalesce(max(series.last, max(start)), series.last, max(start))
    FROM windows WHERE windows.series = series.id
  )
WHERE id = :series
