-- turn-series: turns the windows over. What was the current generation is now the last one.
--
-- Inputs   :id; :was: start of the window that is current; :current: start of the one that begins
-- Result   one changed row
--
-- Safe to repeat: a second one does not find the window that it is to turn over.
UPDATE series SET
  last = current,
  last_sum = current_sum,
  current = :current,
  current_sum = 0,
  generation = generation + 1,
  turned = 1
WHERE id = :id AND current = :was
