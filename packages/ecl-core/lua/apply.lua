-- apply: adds one batch of counts, once, in the window in which they happened.
--
-- KEYS[1]  <group>:@clients, which also names the slot; every other key is derived from it
-- ARGV     1 client id       2 number           3 the number it follows
--          4 instant of the segment, seconds; '' where the batch has no counts
--          5 may hold, '1'   6 closes, '1'      7 lifetime of an unused client entry, seconds
--          8 max events ('' for none)           9 overflow event
--         10 how many of the events are exempt from that bound (the declared ones; they come first)
--         11 number of intervals m             12 number of events n
--          then m pairs: interval as spelled, its length in seconds
--          then n pairs: event, count
-- Reply    { status, seconds, microseconds, ... } where status is
--          'applied'    + { placement of each interval }, { interval index, event index, error, ... }
--          'duplicate'
--          'gap'        + last applied number
--          'hold'
--
-- Safe to repeat: the client's entry holds the last applied number, and a batch is applied only right behind the number
-- that it follows. Redis does not roll a script back, so the order of writes matters: first the marks of windows and the
-- index, which say nothing wrong when no count follows; then the number; then nothing but counts, each of them caught
-- when it fails, and reported. What aborts before the number is done again whole, and nothing aborts after it.

local function whole(text)
  -- tostring(1e15) is '1e+15': numbers go out as texts made here
  return string.format('%.0f', text)
end

-- A mark as masters write it; a foreign value, or one of another type, counts as none, and SET replaces it.
local function mark(key)
  local text = redis.pcall('GET', key)
  if type(text) == 'string' and #text <= 15 and string.match(text, '^%d+$') then
    return tonumber(text), text
  end
end

local clients = KEYS[1]
local base = string.sub(clients, 1, -9) -- '<group>:'
local client, number, follows = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local closes = ARGV[6] == '1'
local interval_count, event_count = tonumber(ARGV[11]), tonumber(ARGV[12])
local first_interval = 13
local first_event = first_interval + 2 * interval_count

local time = redis.call('TIME')
local now = tonumber(time[1])

-- Once. Before everything else, so that a copy delayed on its way changes nothing.
local entry = redis.pcall('HGET', clients, client)
local last_applied = 0
if type(entry) == 'table' then
  return redis.error_reply('WRONGTYPE the key "' .. clients .. '" is no hash; delete it')
end
if entry then
  last_applied = tonumber(string.match(entry, '^%d+')) or 0
end
if number <= last_applied then
  return { 'duplicate', time[1], time[2] }
end
if follows ~= last_applied then
  return { 'gap', time[1], time[2], whole(last_applied) }
end

-- In its window.
local at = tonumber(ARGV[4])
local stamped = at ~= nil
if not stamped or at > now then
  at = now -- a logger whose clock runs ahead
end

local placements, counters = {}, {}
for i = 1, interval_count do
  local spec = ARGV[first_interval + 2 * i - 2]
  local length = tonumber(ARGV[first_interval + 2 * i - 1])
  local prefix = base .. spec .. ':'
  local stamp = at - at % length
  local current, raw = mark(prefix .. 'cur:@ts')
  if current then
    current = current - current % length
  end
  local counter = { prefix = prefix, where = 'cur', current = current }
  if not current then
    -- The first window. No older than the one before now, or a rotation would find a window long gone.
    local window = now - now % length
    current = math.max(stamp, window - length)
    counter.begin = whole(current)
  end
  if not stamped or stamp == current then
    placements[i] = 'cur'
  elseif stamp > current then
    if ARGV[5] == '1' then
      return { 'hold', time[1], time[2] }
    end
    placements[i] = 'ahead'
  else
    local last = current - length
    local _, by = mark(prefix .. 'cur:@by')
    if raw and by == raw then
      last = mark(prefix .. 'last:@ts') or last
    end
    if stamp == last then
      placements[i] = 'last'
      counter.where = 'last'
    else
      placements[i] = 'late'
    end
  end
  counters[i] = counter
end

-- The marks. This is the first write at the earliest: where Redis is out of memory, or a replica, the script ends here.
for i = 1, interval_count do
  local begin = counters[i].begin
  if begin then
    redis.call('MSET', counters[i].prefix .. 'cur:@ts', begin, counters[i].prefix .. 'cur:@by', begin)
  end
end

-- The names to count under: what is over the bound of a group goes to its overflow event.
local max_events, exempt = tonumber(ARGV[8]), tonumber(ARGV[10])
local function names(index)
  local size = max_events and redis.pcall('SCARD', index)
  local ids, new = {}, {}
  for e = 1, event_count do
    local event = ARGV[first_event + 2 * e - 2]
    if type(size) == 'number' and e > exempt and redis.call('SISMEMBER', index, event) == 0 then
      if size >= max_events then
        event = ARGV[9]
      elseif not new[event] then
        new[event] = true
        size = size + 1
      end
    end
    ids[e] = event
  end
  return ids
end

-- The index. It may name more than exists.
for i = 1, event_count > 0 and interval_count or 0 do
  counters[i].prefix = counters[i].prefix .. counters[i].where .. ':'
  local index = counters[i].prefix .. '@ids'
  counters[i].ids = names(index)
  -- unpack takes 7,999 values at most
  for first = 1, event_count, 1000 do
    local last = math.min(first + 999, event_count)
    local added = redis.pcall('SADD', index, unpack(counters[i].ids, first, last))
    if type(added) == 'table' then
      if not string.match(added.err, '^WRONGTYPE') then
        return added
      end
      -- A foreign value in the index' place; without an index a rotation would not find the events.
      redis.call('UNLINK', index)
      redis.call('SADD', index, unpack(counters[i].ids, first, last))
    end
  end
end

-- A registration looks at ten entries and removes those long unused, so that nobody else has to.
if number == 1 then
  local sample = redis.call('HRANDFIELD', clients, 10, 'WITHVALUES')
  for i = 1, #sample, 2 do
    local used, closed = string.match(sample[i + 1], '^%d+ (%d+) (%d)')
    local life = closed == '1' and 300 or tonumber(ARGV[7])
    if sample[i] ~= client and used and now - tonumber(used) > life then
      redis.call('HDEL', clients, sample[i])
    end
  end
end

redis.call('HSET', clients, client, whole(number) .. ' ' .. time[1] .. ' ' .. (closes and '1' or '0'))

local failures = {}
for i = 1, event_count > 0 and interval_count or 0 do
  local prefix, ids = counters[i].prefix, counters[i].ids
  for e = 1, event_count do
    local done = redis.pcall('INCRBY', prefix .. ids[e], ARGV[first_event + 2 * e - 1])
    if type(done) == 'table' then
      failures[#failures + 1] = i
      failures[#failures + 1] = e
      failures[#failures + 1] = done.err
    end
  end
end

return { 'applied', time[1], time[2], placements, failures }
