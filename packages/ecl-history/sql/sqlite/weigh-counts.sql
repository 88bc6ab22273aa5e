-- weigh-counts: how often each event happened in windows, near enough to rank them; exact sums might leave 64 bits.
--
-- Inputs   :series; :from, :to: the first start, and the one behind the last
-- Result   a row for each event
--
-- Only reads.
SELECT event, total(n) AS weight
FROM counts
WHERE series = :series AND start >= :from AND start < :to
GROUP BY event
