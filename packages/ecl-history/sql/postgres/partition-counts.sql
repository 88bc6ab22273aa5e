-- partition-counts: makes the tables of counts, in parts of a week each.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: it is run with migration-001.
CREATE TABLE ecl_history.counts (
  start timestamptz NOT NULL,
  n bigint NOT NULL,
  series integer NOT NULL,
  event integer NOT NULL,
  PRIMARY KEY (series, start, event)
) PARTITION BY RANGE (start);

-- One event in a step: windows is how many have a count of it, the rest the sum, least and most of those counts.
CREATE TABLE ecl_history.step_counts (
  start timestamptz NOT NULL,
  n bigint NOT NULL,
  least bigint NOT NULL,
  most bigint NOT NULL,
  series integer NOT NULL,
  event integer NOT NULL,
  windows integer NOT NULL,
  PRIMARY KEY (series, start, event)
) PARTITION BY RANGE (start);

-- Makes the part of a table that holds the week of an instant, unless it is there. Nobody who reads waits for it.
CREATE FUNCTION ecl_history.add_week(parent text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  -- Monday, UTC.
  week timestamptz := date_bin('7 days', at, '1970-01-05 00:00:00+00');
  part text := parent || '_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  IF to_regclass('ecl_history.' || quote_ident(part)) IS NOT NULL THEN
    RETURN;
  END IF;
  -- One at a time; somebody else may have been first, which a lock of a table makes known.
  EXECUTE format('LOCK TABLE ecl_history.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
  IF to_regclass('ecl_history.' || quote_ident(part)) IS NULL THEN
    EXECUTE format('CREATE TABLE ecl_history.%I (LIKE ecl_history.%I INCLUDING ALL)', part, parent);
    EXECUTE format(
      'ALTER TABLE ecl_history.%I ATTACH PARTITION ecl_history.%I FOR VALUES FROM (%L) TO (%L)',
      parent, part, week, week + interval '168 hours'
    );
  END IF;
END
$$;

-- Removes the parts of a table that end at an instant, or before.
CREATE FUNCTION ecl_history.drop_weeks(parent text, before timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text;
BEGIN
  FOR part IN
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = ('ecl_history.' || quote_ident(parent))::regclass
      AND to_date(right(relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' + interval '168 hours'
        <= before
  LOOP
    EXECUTE format('DROP TABLE ecl_history.%I', part);
  END LOOP;
END
$$;
