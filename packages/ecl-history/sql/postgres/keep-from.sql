-- keep-from: writes down from when on windows, or steps of a roll-up, are kept. Readers and archivers heed it at once.
--
-- Inputs   $1: series; $2: from when on
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE ecl_history.series SET kept_from = to_timestamp($2) WHERE id = $1
