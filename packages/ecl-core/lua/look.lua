-- look: reads marks of windows, and the clock.
--
-- KEYS[1]  any key, which names the slot
-- ARGV     1 the keys of the marks, as Redis has them, one at least: an array in JSON
-- Reply    { seconds, microseconds, the marks: an array in JSON, with false for what is missing }
--
-- Only reads. A master looks twice a second at all windows there are, between which its program's code gets cold: one text
-- in the place of many halves what it does besides waking up.

-- No mark is as long, and a foreign value may be very long.
local LONGEST_MARK = 40
-- unpack takes 7,999 values at most.
local CHUNK = 5000

local time = redis.call('TIME')
local keys, marks = cjson.decode(ARGV[1]), {}
for first = 1, #keys, CHUNK do
  local chunk = redis.call('MGET', unpack(keys, first, math.min(first + CHUNK - 1, #keys)))
  for k = 1, #chunk do
    marks[first + k - 1] = chunk[k] and #chunk[k] <= LONGEST_MARK and chunk[k]
  end
end
return { time[1], time[2], cjson.encode(marks) }
