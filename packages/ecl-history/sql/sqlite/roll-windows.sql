-- roll-windows: makes steps of a roll-up of windows.
--
-- Inputs   :series, :seconds: the roll-up's; :source: the windows'; :from, :to: the first start, and the one behind the
--          last
-- Result   none
--
-- Safe to repeat: it is run after drop-steps in the same transaction; what is made of several sources is added up.
INSERT INTO step_windows
SELECT
  :series, start / :seconds * :seconds AS step, count(*), max(published_ms), max(revision),
  max(iif(missing_parts > 0, max(completeness, 1), completeness)), sum(late), sum(total)
FROM windows
WHERE series = :source AND start >= :from AND start < :to
GROUP BY step
ON CONFLICT DO UPDATE SET
  windows = windows + excluded.windows,
  published_ms = max(published_ms, excluded.published_ms),
  revision = max(revision, excluded.revision),
  completeness = max(completeness, excluded.completeness),
  late = late + excluded.late,
  total = total + excluded.total
