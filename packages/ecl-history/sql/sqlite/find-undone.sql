-- find-undone: windows that the counters' store has forgotten, and whose counts come once more, of those between two that
-- followed each other there: see UndoneWindows.
--
-- Inputs   :series; :start, :end of the first of the two, :next: start of the second; :published_ms: when
--          the first was published now; :loss_ms: the loss window; :foreign: 1 where others may have counted in them, or 0
-- Result   a row each; none where not all of what was forgotten comes once more
--
-- Only reads. All that comes once more was stored within the loss window before the crash. The crash came after the latest
-- of these windows was published, and what it has undone begins before the first of the two was turned over for the first
-- time: at its end or later, and before the version that is there was published. Counts that are late may be of programs
-- that send nothing once more.
SELECT start FROM windows AS one
WHERE series = :series AND start > :start AND start < :next AND published_ms < :published_ms
  AND (late = 0 OR :foreign = 0)
  AND NOT EXISTS (
    SELECT 1 FROM windows AS other
    WHERE other.series = :series AND other.start > :start AND other.start < :next
      AND other.published_ms < :published_ms
      AND other.published_ms > :loss_ms + max(
        :end * 1000,
        coalesce((
          SELECT first.published_ms FROM windows AS first
          WHERE first.series = :series AND first.start = :start AND first.published_ms < :published_ms
        ), 0)
      )
  )
ORDER BY start
