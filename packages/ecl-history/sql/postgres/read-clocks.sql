-- read-clocks: what this database's clock says, and when the newest window of all ends.
--
-- Inputs   none
-- Result   one row; newest is 0 where there are no windows
--
-- Only reads.
SELECT
  floor(date_part('epoch', now())) AS clock,
  coalesce(max(date_part('epoch', w.last) + s.seconds), 0) AS newest
FROM ecl_history.series s
CROSS JOIN LATERAL (SELECT max(start) AS last FROM ecl_history.windows WHERE series = s.id) w
