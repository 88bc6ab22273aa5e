-- roll-counts: makes the events of steps of a roll-up of the counts of windows.
--
-- Inputs   $1, $2: the roll-up's series, and its seconds; $3: the series of what it is made of; $4, $5: the first
--          start, and the one behind the last
-- Result   none; numeric_value_out_of_range where a sum leaves 64 bits
--
-- Safe to repeat: it is run after drop-step-counts in the same transaction; what is made of several sources is added up.
INSERT INTO ecl_history.step_counts AS s (series, start, event, windows, n, least, most)
SELECT
  $1, date_bin(make_interval(secs => $2), start, 'epoch') AS step, event, count(*), sum(n), min(n), max(n)
FROM ecl_history.counts
WHERE series = $3 AND start >= to_timestamp($4) AND start < to_timestamp($5)
GROUP BY step, event
ON CONFLICT (series, start, event) DO UPDATE SET
  windows = s.windows + excluded.windows,
  n = s.n + excluded.n,
  least = least(s.least, excluded.least),
  most = greatest(s.most, excluded.most)
