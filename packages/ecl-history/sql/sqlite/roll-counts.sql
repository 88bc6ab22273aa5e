-- roll-counts: makes the events of steps of a roll-up of the counts of windows.
--
-- Inputs   :series, :seconds: the roll-up's; :source: the windows'; :from, :to: the first start, and the one behind the
--          last
-- Result   none; the error "integer overflow" where a sum leaves 64 bits
--
-- Safe to repeat: it is run after drop-step-counts in the same transaction; what is made of several sources is added up.
INSERT INTO step_counts
SELECT :series, start / :seconds * :seconds AS step, event, count(*), sum(n), min(n), max(n)
FROM counts
WHERE series = :source AND start >= :from AND start < :to
GROUP BY step, event
ON CONFLICT DO UPDATE SET
  windows = windows + excluded.windows,
  n = n + excluded.n,
  least = min(least, excluded.least),
  most = max(most, excluded.most)
