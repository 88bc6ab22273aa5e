-- migration-003: remembers when the windows of an interval began and ended, of which some are no longer kept.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: it is run under the lock of migrations, where version 3 is missing, in the transaction that enters it.

-- Starts of the first and the last window, as of when the first ones were removed; NULL where none have been.
ALTER TABLE ecl_history.series ADD COLUMN first timestamptz;
ALTER TABLE ecl_history.series ADD COLUMN last timestamptz;

-- Of windows that are gone already, roll-ups tell it to the minute, the hour or the day.
UPDATE ecl_history.series AS s SET (first, last) = (
  SELECT min(w.start), max(w.start + make_interval(secs => r.seconds - s.seconds))
  FROM ecl_history.series r
  JOIN ecl_history.step_windows w ON w.series = r.id
  WHERE r.group_name = s.group_name AND r.interval = s.interval AND r.seconds > s.seconds
    AND w.start >= r.kept_from AND w.start < s.kept_from
)
WHERE NOT EXISTS (
  SELECT FROM ecl_history.series o
  WHERE o.group_name = s.group_name AND o.interval = s.interval AND o.seconds < s.seconds
);
