-- weigh-step-counts: how often each event happened in steps of a roll-up, near enough to rank them.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row for each event
--
-- Only reads.
SELECT event, total(n) AS weight
FROM step_counts
WHERE series = :series AND start >= :from AND start < :to
GROUP BY event
