-- enter-client: writes down what a client has said with a batch, and the number of the batch.
--
-- Inputs   all columns of client
-- Result   none
--
-- Safe to repeat: it is in one transaction with the counts of the batch, which is begun only where the number is new.
INSERT INTO client
VALUES (
  :group_name, :id, :number, :last_use, :closed, :through, :loss_until,
  :logged, :applied, :unsent, :refused, :late, :replayed
)
ON CONFLICT DO UPDATE SET
  number = excluded.number,
  last_use = excluded.last_use,
  closed = excluded.closed,
  through = excluded.through,
  loss_until = excluded.loss_until,
  logged = excluded.logged,
  applied = excluded.applied,
  unsent = excluded.unsent,
  refused = excluded.refused,
  late = excluded.late,
  replayed = excluded.replayed
