-- put-window: enters a window, in the place of an older version of it.
--
-- Inputs   all columns of windows
-- Result   none
--
-- Safe to repeat: it is run where find-window has found no version, or an older one, in the same transaction.
INSERT INTO windows
VALUES (:series, :start, :published_ms, :revision, :completeness, :late, :total, :missing_parts)
ON CONFLICT DO UPDATE SET
  published_ms = excluded.published_ms,
  revision = excluded.revision,
  completeness = excluded.completeness,
  late = excluded.late,
  total = excluded.total,
  missing_parts = excluded.missing_parts
