-- add-series: enters the windows of an interval, or a roll-up of them.
--
-- Inputs   :group_name, :interval, :seconds
-- Result   one changed row
--
-- Safe to repeat: it is run where find-series has found none in the same transaction; UNIQUE would refuse a second one.
INSERT INTO series (group_name, interval, seconds) VALUES (:group_name, :interval, :seconds)
