-- roll-windows: makes steps of a roll-up of windows.
--
-- Inputs   $1, $2: the roll-up's series, and its seconds; $3: the series of windows; $4, $5: the first start, and the
--          one behind the last
-- Result   none
--
-- Safe to repeat: it is run after drop-steps in the same transaction; what is made of several sources is added up.
INSERT INTO ecl_history.step_windows AS s
  (series, start, windows, published_ms, revision, completeness, late, total)
SELECT
  $1, date_bin(make_interval(secs => $2), start, 'epoch') AS step, count(*), max(published_ms),
  max(revision), max(CASE WHEN missing_parts > 0 THEN greatest(completeness, 1) ELSE completeness END), sum(late), sum(total)
FROM ecl_history.windows
WHERE series = $3 AND start >= to_timestamp($4) AND start < to_timestamp($5)
GROUP BY step
ON CONFLICT (series, start) DO UPDATE SET
  windows = s.windows + excluded.windows,
  published_ms = greatest(s.published_ms, excluded.published_ms),
  revision = greatest(s.revision, excluded.revision),
  completeness = greatest(s.completeness, excluded.completeness),
  late = s.late + excluded.late,
  total = s.total + excluded.total
