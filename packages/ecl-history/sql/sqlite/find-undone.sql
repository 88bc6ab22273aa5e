-- find-undone: windows that the counters' store has forgotten, and whose counts come once more, of those between two that
-- followed each other there: see UndoneWindows in ecl-core.
--
-- Inputs   :series; :start, :next: starts of the two; :published_ms: when the first was published;
--          :loss_ms: the loss window; :foreign: 1 where others may have counted in them, or 0
-- Result   a row each; none where more was forgotten than comes once more
--
-- Only reads. What comes once more was stored within the loss window before the crash. The crash came after the latest of
-- these windows was published. What it has undone begins before the first of the two was turned over, which cannot
-- have been before the first of those in between began. Counts that are late may be of programs that send nothing once
-- more.
WITH skipped AS MATERIALIZED (
  SELECT start, published_ms, late FROM windows
  WHERE series = :series AND start > :start AND start < :next AND published_ms < :published_ms
)
SELECT start FROM skipped
WHERE (late = 0 OR :foreign = 0)
  AND (SELECT max(published_ms) - 1000 * min(start) FROM skipped) <= :loss_ms
ORDER BY start
