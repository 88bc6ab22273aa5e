-- reset-series: sets a current window back that was begun while the clock was wrong. Nobody knows what its counts are
-- of, so the sum that tells whether they are complete begins anew.
--
-- Inputs   :id, :current
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE series SET current = :current, current_sum = 0, ahead = 0 WHERE id = :id
