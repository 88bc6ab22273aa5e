-- find-undone: windows that the counters' store has forgotten, and whose counts come once more, of those between two that
-- followed each other there: see UndoneWindows.
--
-- Inputs   $1: series; $2, $3: start and end of the first of the two, $4: start of the second; $5: when the first
--          was published now; $6: the loss window, ms; $7: 1 where others may have counted in them, or 0
-- Result   a row each; none where not all of what was forgotten comes once more
--
-- Only reads. All that comes once more was stored within the loss window before the crash. The crash came after the latest
-- of these windows was published, and what it has undone begins before the first of the two was turned over for the first
-- time: at its end or later, and before the version that is there was published. Counts that are late may be of programs
-- that send nothing once more.
SELECT date_part('epoch', one.start) AS start FROM ecl_history.windows AS one
WHERE one.series = $1::integer
  AND one.start > to_timestamp($2::bigint) AND one.start < to_timestamp($4::bigint)
  AND one.published_ms < $5::bigint AND (one.late = 0 OR $7::integer = 0)
  AND NOT EXISTS (
    SELECT FROM ecl_history.windows AS other
    WHERE other.series = $1::integer
      AND other.start > to_timestamp($2::bigint) AND other.start < to_timestamp($4::bigint)
      AND other.published_ms < $5::bigint
      AND other.published_ms > $6::bigint + greatest(
        $3::bigint * 1000,
        (
          SELECT first.published_ms FROM ecl_history.windows AS first
          WHERE first.series = $1::integer AND first.start = to_timestamp($2::bigint)
            AND first.published_ms < $5::bigint
        )
      )
  )
