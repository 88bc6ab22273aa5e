-- forget-clients: removes clients that were not heard for so long that no batch of theirs can be under way.
--
-- Inputs   :group_name; :closed_before, :open_before: epoch seconds for those that said farewell, and the others
-- Result   none
--
-- Who has lost counts is remembered as long as the others, for those who ask whether a window is complete.
--
-- Safe to repeat: what is removed is not there the second time.
DELETE FROM client
WHERE group_name = :group_name AND last_use < iif(closed = 1 AND loss_until = 0, :closed_before, :open_before)
