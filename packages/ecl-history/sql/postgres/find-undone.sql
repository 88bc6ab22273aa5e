-- find-undone: windows that the counters' store has forgotten, of those between two that followed each other there.
--
-- Inputs   $1: series; $2, $3: starts of these two; $4: when the first of them was published; $5: until_ms, see UndoneWindows
-- Result   a row each; none where one of them was published after $5
--
-- Only reads. What was published after $4 was turned over later, by a clock that had been set.
WITH skipped AS (
  SELECT start, published_ms FROM ecl_history.windows
  WHERE series = $1::integer AND start > to_timestamp($2::bigint) AND start < to_timestamp($3::bigint)
    AND published_ms < $4::bigint
)
SELECT date_part('epoch', start) AS start FROM skipped
WHERE (SELECT max(published_ms) FROM skipped) <= $5::bigint
