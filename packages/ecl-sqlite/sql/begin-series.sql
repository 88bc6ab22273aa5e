-- begin-series: begins the first window of an interval.
--
-- Inputs   :group_name, :interval; :current, :last: starts of its windows; :generation: 1 for a batch, 2 for a
--          master
-- Result   none
--
-- Safe to repeat: it is run where find-series has found none in the same transaction; UNIQUE would refuse a second one.
INSERT INTO series (group_name, interval, current, last, generation)
VALUES (:group_name, :interval, :current, :last, :generation)
