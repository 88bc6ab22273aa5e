-- take-maintenance: takes the maintenance for a time, or takes it for longer.
--
-- Inputs   $1: who; $2: for how many seconds
-- Result   one row; none where somebody else has it
--
-- Safe to repeat: whoever has it may take it again.
INSERT INTO ecl_history.maintenance AS m VALUES (1, $1, now() + make_interval(secs => $2))
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE m.holder = excluded.holder OR m.until <= now()
RETURNING holder
