-- put-part: writes down that a part of a window has come.
--
-- Inputs   :series, :start, :part
-- Result   one changed row; none where it had come before
--
-- Safe to repeat: a part is there once.
INSERT INTO window_parts VALUES (:series, :start, :part) ON CONFLICT DO NOTHING
