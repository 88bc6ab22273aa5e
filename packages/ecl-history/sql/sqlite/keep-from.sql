-- keep-from: writes down from when on windows, or steps of a roll-up, are kept. Readers and archivers heed it at once.
--
-- Inputs   :series, :kept_from
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE series SET kept_from = :kept_from WHERE id = :series
