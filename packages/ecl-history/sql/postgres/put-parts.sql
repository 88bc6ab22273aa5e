-- put-parts: writes down that parts of windows have come.
--
-- Inputs   $1: series; $2: starts; $3: parts
-- Result   a row for each that had not come before
--
-- Safe to repeat: a part is there once.
INSERT INTO ecl_history.window_parts (series, start, part)
SELECT series, to_timestamp(at), part
FROM unnest($1::integer[], $2::bigint[], $3::integer[]) AS given (series, at, part)
ON CONFLICT DO NOTHING
RETURNING series, date_part('epoch', start) AS start, part
