-- clamp-clients: takes clients that were heard in what is still to come for heard long ago.
--
-- Inputs   :group_name; :latest, :long_ago: epoch seconds, after which nobody can have been heard, and what is put there
-- Result   none
--
-- The machine's clock has gone back. Nobody is waited for on their account, but they are known when their next batch comes.
--
-- Safe to repeat: what is clamped is not later any more.
UPDATE client
SET last_use = :long_ago, loss_until = :long_ago
WHERE group_name = :group_name AND (last_use > :latest OR loss_until > :latest)
