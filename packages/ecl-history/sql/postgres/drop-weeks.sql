-- drop-weeks: removes the parts of both tables of counts in which nothing is kept any more, of any interval.
--
-- Inputs   none
-- Result   none
--
-- Safe to repeat: what is removed is not there the second time.
SELECT ecl_history.drop_weeks(parent, least(min(kept_from), now()))
FROM (
  SELECT
    CASE WHEN seconds = min(seconds) OVER (PARTITION BY group_name, interval) THEN 'counts'
      ELSE 'step_counts' END AS parent,
    kept_from
  FROM ecl_history.series
) AS levels
GROUP BY parent
