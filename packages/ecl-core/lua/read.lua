-- read: the counts of one interval as of one instant, for when reading in two steps has lost too many races.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, which also names the slot; every other key is derived from it
-- ARGV     1 'cur', 'last' or 'both'; then the events to read besides those in the index
-- Reply    { seconds, microseconds, cur:@ts, cur:@by, last:@ts, { event, value, ... } of cur, the same of last }
--          with false for what is missing
--
-- Only reads; run by EVAL_RO, so that a read-only user may.

local CHUNK = 500
local prefix = string.sub(KEYS[1], 1, -8)
local time = redis.call('TIME')

local function window(part)
  local ids, found = redis.call('SMEMBERS', prefix .. part .. ':@ids'), {}
  local listed = {}
  for _, id in ipairs(ids) do
    listed[id] = true
  end
  for e = 2, #ARGV do
    if not listed[ARGV[e]] then
      listed[ARGV[e]] = true
      ids[#ids + 1] = ARGV[e]
    end
  end
  for first = 1, #ids, CHUNK do
    local keys = {}
    for e = first, math.min(first + CHUNK - 1, #ids) do
      keys[#keys + 1] = prefix .. part .. ':' .. ids[e]
    end
    for k, value in ipairs(redis.call('MGET', unpack(keys))) do
      if value then
        found[#found + 1] = ids[first + k - 1]
        found[#found + 1] = value
      end
    end
  end
  return found
end

local marks = redis.call('MGET', KEYS[1], prefix .. 'cur:@by', prefix .. 'last:@ts')
return {
  time[1], time[2], marks[1], marks[2], marks[3],
  ARGV[1] ~= 'last' and window('cur') or {},
  ARGV[1] ~= 'cur' and window('last') or {},
}
