-- mark-series: writes down what loggers say that they have put into the windows, and when counts were put into the
-- current one that are missing from the next; and whether the last window is still what was published.
--
-- Inputs   :id, :current_sum, :last_sum, :ahead, :published
-- Result   none
--
-- Safe to repeat: it is in one transaction with the counts of a batch; the sums were read in it.
UPDATE series SET current_sum = :current_sum, last_sum = :last_sum, ahead = :ahead, published = :published
WHERE id = :id
