-- read-clocks: when the newest window of all ends. The file's clock is that of the machine.
--
-- Inputs   none
-- Result   one row; newest is 0 where there are no windows
--
-- Only reads.
SELECT coalesce(max(last + seconds), 0) AS newest
FROM (SELECT seconds, (SELECT max(start) FROM windows WHERE series = s.id) AS last FROM series s)
