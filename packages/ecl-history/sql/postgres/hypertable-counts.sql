-- hypertable-counts: makes the tables of counts, as hypertables of TimescaleDB in parts of a week each.
--
-- Inputs   none
-- Result   none
--
-- Parts are compressed two weeks after their time, when counts hardly come late any more; those that do, still can. The
-- licence of TimescaleDB without compression is called "apache".
--
-- Safe to repeat: it is run with migration-001.
CREATE TABLE ecl_history.counts (
  start timestamptz NOT NULL,
  n bigint NOT NULL,
  series integer NOT NULL,
  event integer NOT NULL,
  PRIMARY KEY (series, start, event)
);

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
);

DO $$
DECLARE
  name text;
BEGIN
  -- Its functions are in the schema that was chosen when it was installed.
  PERFORM set_config('search_path', format('%I, public', nspname), true)
  FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
  WHERE extname = 'timescaledb';

  FOREACH name IN ARRAY ARRAY['ecl_history.counts', 'ecl_history.step_counts'] LOOP
    PERFORM create_hypertable(
      name::regclass, by_range('start', interval '7 days'), create_default_indexes => false
    );
    IF current_setting('timescaledb.license', true) = 'timescale' THEN
      EXECUTE format(
        'ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = ''series'', '
        'timescaledb.compress_orderby = ''start, event'')',
        name
      );
      -- Of versions from 2.18 on, a procedure, which replaces the function of those before.
      IF EXISTS (SELECT FROM pg_proc WHERE proname = 'add_columnstore_policy') THEN
        EXECUTE format('CALL add_columnstore_policy(%L, after => interval ''14 days'')', name);
      ELSE
        PERFORM add_compression_policy(name::regclass, interval '14 days');
      END IF;
    END IF;
  END LOOP;
END
$$;
