-- mark-published: writes down which window was published.
--
-- Inputs   :id, :published
-- Result   none
--
-- Safe to repeat: it sets the same once more.
UPDATE series SET published = :published WHERE id = :id
