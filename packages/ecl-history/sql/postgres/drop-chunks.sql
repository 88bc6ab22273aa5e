-- drop-chunks: removes the parts of both hypertables of counts in which nothing is kept any more, of any interval.
--
-- Inputs   none
-- Result   none
--
-- A retention policy of TimescaleDB would not ask whether everything has been rolled up.
--
-- Safe to repeat: what is removed is not there the second time.
DO $$
DECLARE
  kept record;
BEGIN
  PERFORM set_config('search_path', format('%I, public', nspname), true)
  FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
  WHERE extname = 'timescaledb';

  FOR kept IN
    SELECT parent, least(min(kept_from), now()) AS since
    FROM (
      SELECT
        CASE WHEN seconds = min(seconds) OVER (PARTITION BY group_name, interval) THEN 'counts'
          ELSE 'step_counts' END AS parent,
        kept_from
      FROM ecl_history.series
    ) AS levels
    GROUP BY parent
  LOOP
    PERFORM drop_chunks(('ecl_history.' || kept.parent)::regclass, older_than => kept.since);
  END LOOP;
END
$$;
