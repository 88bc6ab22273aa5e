-- find-undone: windows that the counters' store has forgotten, and whose counts come once more, of those between two that
-- followed each other there: see UndoneWindows in ecl-core.
--
-- Inputs   $1: series; $2, $3: starts of the two; $4: when the first was published; $5: the loss window, ms;
--          $6: 1 where others may have counted in them, or 0
-- Result   a row each; none where more was forgotten than comes once more
--
-- Only reads. What comes once more was stored within the loss window before the crash. The crash came after the latest of
-- these windows was published. What it has undone begins before the first of the two was turned over, which cannot
-- have been before the first of those in between began. Counts that are late may be of programs that send nothing once
-- more.
WITH skipped AS MATERIALIZED (
  SELECT date_part('epoch', start)::bigint AS start, published_ms, late FROM ecl_history.windows
  WHERE series = $1::integer AND start > to_timestamp($2::bigint) AND start < to_timestamp($3::bigint)
    AND published_ms < $4::bigint
)
SELECT start::double precision AS start FROM skipped
WHERE (late = 0 OR $6::integer = 0)
  AND (SELECT max(published_ms) - 1000 * min(start) FROM skipped) <= $5::bigint
