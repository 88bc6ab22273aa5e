-- rotate: turns the windows of one interval over, when the current one has ended.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, which also names the slot; every other key is derived from it
-- ARGV     1 length of the interval, seconds; then the declared events
-- Reply    { status, seconds, microseconds, current window, ... } where status is
--          'rotated'  + start of the window that is now last, number of events moved
--          'already'
--          'begun'
--          'reset'    + what the current window was
--
-- Safe to repeat, and to run from any number of masters: the guard on @ts lets one of them through per boundary. @ts is
-- written before the counts are moved, so a script that aborts in between leaves counts in cur, where the next window
-- shows them, and never wipes one that somebody has moved.

local CHUNK = 500

local function whole(number)
  return string.format('%.0f', number)
end

local prefix = string.sub(KEYS[1], 1, -8) -- '<group>:<interval>:'
local cur, last = prefix .. 'cur:', prefix .. 'last:'
local length = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1])
local window = now - now % length

-- A foreign value, or one of another type, counts as none, and SET replaces it.
local raw = redis.pcall('GET', KEYS[1])
local current
if type(raw) == 'string' and #raw <= 15 and string.match(raw, '^%d+$') then
  current = tonumber(raw)
end

if not current then
  redis.call('MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window))
  for e = 2, #ARGV do
    redis.call('SETNX', cur .. ARGV[e], '0')
    redis.call('SETNX', last .. ARGV[e], '0')
    redis.pcall('SADD', cur .. '@ids', ARGV[e])
    redis.pcall('SADD', last .. '@ids', ARGV[e])
  end
  return { 'begun', time[1], time[2], whole(window) }
end

current = current - current % length
if current > window + 2 * length then
  -- Written while the clock was wrong. Rotation would stand still until the clock catches up with it.
  redis.call('MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window))
  return { 'reset', time[1], time[2], whole(window), whole(current) }
end
if current >= window then
  return { 'already', time[1], time[2], whole(current) }
end

-- Read everything. The IDs are read here, so nobody can add one in between.
local declared, ids = {}, {}
for e = 2, #ARGV do
  if not declared[ARGV[e]] then
    declared[ARGV[e]] = true
    ids[#ids + 1] = ARGV[e]
  end
end
local indexed = redis.pcall('SMEMBERS', cur .. '@ids')
for _, id in ipairs(indexed.err and {} or indexed) do
  if not declared[id] then
    ids[#ids + 1] = id
  end
end
local stale = redis.pcall('SMEMBERS', last .. '@ids')
if stale.err then
  stale = {}
end

local values, keys = {}, {}
for e = 1, #ids do
  keys[#keys + 1] = cur .. ids[e]
  if #keys == CHUNK or e == #ids then
    for _, value in ipairs(redis.call('MGET', unpack(keys))) do
      values[#values + 1] = value
    end
    keys = {}
  end
end

-- The guard, before the counts.
redis.call('MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window), last .. '@ts', whole(current))

local kept, moved = {}, 0
local to_last, to_zero, gone = {}, {}, {}
local function write()
  if #to_last > 0 then redis.call('MSET', unpack(to_last)) end
  if #to_zero > 0 then redis.call('MSET', unpack(to_zero)) end
  if #gone > 0 then redis.call('UNLINK', unpack(gone)) end
  to_last, to_zero, gone = {}, {}, {}
end
for e = 1, #ids do
  local id, value = ids[e], values[e]
  if value or declared[id] then
    to_last[#to_last + 1] = last .. id
    to_last[#to_last + 1] = value or '0'
    kept[id] = true
    moved = moved + 1
  end
  if declared[id] then
    to_zero[#to_zero + 1] = cur .. id
    to_zero[#to_zero + 1] = '0'
  else
    gone[#gone + 1] = cur .. id
  end
  if e % CHUNK == 0 then
    write()
  end
end
write()
for e = 1, #stale do
  if not kept[stale[e]] then
    gone[#gone + 1] = last .. stale[e]
  end
  if #gone == CHUNK then
    write()
  end
end
write()

-- The index goes along with the counts; it may name more than exists.
redis.call('UNLINK', last .. '@ids')
if not indexed.err and #indexed > 0 then
  redis.call('RENAME', cur .. '@ids', last .. '@ids')
elseif indexed.err then
  redis.call('UNLINK', cur .. '@ids')
end
for e = 2, #ARGV, CHUNK do
  local chunk = { unpack(ARGV, e, math.min(e + CHUNK - 1, #ARGV)) }
  redis.call('SADD', cur .. '@ids', unpack(chunk))
  redis.call('SADD', last .. '@ids', unpack(chunk))
end

return { 'rotated', time[1], time[2], whole(window), whole(current), whole(moved) }
