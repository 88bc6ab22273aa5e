-- data-version: a number that another one has followed when others have written into the file.
--
-- Inputs   none
-- Result   one row
--
-- Only reads.
PRAGMA data_version
