-- find-undone: windows that the counters' store has forgotten, of those between two that followed each other there.
--
-- Inputs   :series; :start, :before: these two; :published_ms: when the first of them was; :until_ms: see UndoneWindows
-- Result   a row each, by start; none where one of them was published after :until_ms
--
-- Only reads. What was published after :published_ms was turned over later, by a clock that had been set.
WITH skipped AS (
  SELECT start, published_ms FROM windows
  WHERE series = :series AND start > :start AND start < :before AND published_ms < :published_ms
)
SELECT start FROM skipped
WHERE (SELECT max(published_ms) FROM skipped) <= :until_ms
ORDER BY start
