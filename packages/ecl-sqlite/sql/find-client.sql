-- find-client: what is known of one client.
--
-- Inputs   :group_name, :id
-- Result   one row, or none where the client is not known
--
-- Only reads.
SELECT number, last_use, closed, through, loss_until, logged, applied, unsent, refused, late, replayed
FROM client
WHERE group_name = :group_name AND id = :id
