-- migration-002: remembers when the windows of an interval began and ended, of which some are no longer kept.
--
-- Inputs   none
-- Result   none; run once, in the transaction that also sets user_version
--
-- Safe to repeat: it is run where user_version is 1 in the same transaction.

-- Starts of the first and the last window, as of when the first ones were removed; NULL where none have been.
ALTER TABLE series ADD COLUMN first INTEGER;
ALTER TABLE series ADD COLUMN last INTEGER;

-- Of windows that are gone already, roll-ups tell it to the minute, the hour or the day.
UPDATE series AS s SET (first, last) = (
  SELECT min(w.start), max(w.start + r.seconds) - s.seconds
  FROM series r
  JOIN step_windows w ON w.series = r.id
  WHERE r.group_name = s.group_name AND r.interval = s.interval AND r.seconds > s.seconds
    AND w.start >= r.kept_from AND w.start < s.kept_from
)
WHERE NOT EXISTS (
  SELECT 1 FROM series o
  WHERE o.group_name = s.group_name AND o.interval = s.interval AND o.seconds < s.seconds
);
