-- take-maintenance: takes the maintenance for a time, or takes it for longer.
--
-- Inputs   :holder; :now_ms, :until_ms
-- Result   one changed row; none where somebody else has it
--
-- Safe to repeat: whoever has it may take it again.
INSERT INTO maintenance VALUES (1, :holder, :until_ms)
ON CONFLICT DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
WHERE holder = excluded.holder OR until_ms <= :now_ms
