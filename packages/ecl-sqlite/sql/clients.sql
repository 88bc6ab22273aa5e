-- clients: what is known of all clients of a group, by their ids.
--
-- Inputs   :group_name
-- Result   one row for each client
--
-- Only reads.
SELECT id, number, last_use, closed, through, loss_until, logged, applied, unsent, refused, late, replayed
FROM client
WHERE group_name = :group_name
ORDER BY id
