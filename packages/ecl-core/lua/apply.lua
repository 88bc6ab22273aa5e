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
-- that it follows. Redis does not roll a script back, so that number is stored before the first count: what aborts
-- later may lose, but never doubles. All that can be foreseen to fail after that point is caught, and reported.

local function whole(text)
  -- tostring(1e15) is '1e+15': numbers go out as texts made here
  return string.format('%.0f', text)
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
  -- pcall: a foreign value of another type counts as none, and SET replaces it
  local raw = redis.pcall('GET', prefix .. 'cur:@ts')
  local current = type(raw) == 'string' and tonumber(raw)
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
    local by = redis.pcall('GET', prefix .. 'cur:@by')
    if by == raw then
      local told = redis.pcall('GET', prefix .. 'last:@ts')
      last = type(told) == 'string' and tonumber(told) or last
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

-- The number, before the counts. This is also the first write: where Redis is out of memory, or a replica, the script
-- ends here and nothing has changed.
redis.call('HSET', clients, client, whole(number) .. ' ' .. time[1] .. ' ' .. (closes and '1' or '0'))

for i = 1, interval_count do
  local begin = counters[i].begin
  if begin then
    redis.call('MSET', counters[i].prefix .. 'cur:@ts', begin, counters[i].prefix .. 'cur:@by', begin)
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

local failures = {}
if event_count == 0 then
  return { 'applied', time[1], time[2], placements, failures }
end

local function fail(i, e, err)
  failures[#failures + 1] = i
  failures[#failures + 1] = e
  failures[#failures + 1] = err
end

local max_events = tonumber(ARGV[8])
local exempt = tonumber(ARGV[10])

for i = 1, interval_count do
  local prefix = counters[i].prefix .. counters[i].where .. ':'
  local index = prefix .. '@ids'
  local size = max_events and redis.pcall('SCARD', index)
  local ids = {}
  for e = 1, event_count do
    local event = ARGV[first_event + 2 * e - 2]
    if type(size) == 'number' and e > exempt and redis.call('SISMEMBER', index, event) == 0 then
      if size >= max_events then
        event = ARGV[9]
      else
        size = size + 1
        redis.call('SADD', index, event)
      end
    end
    local done = redis.pcall('INCRBY', prefix .. event, ARGV[first_event + 2 * e - 1])
    if type(done) == 'table' then
      fail(i, e, done.err)
    end
    ids[#ids + 1] = event
    -- unpack takes 7,999 values at most
    if #ids == 1000 or e == event_count then
      local added = redis.pcall('SADD', index, unpack(ids))
      if type(added) == 'table' then
        -- a foreign value in the index' place; without it a rotation would not find the events
        redis.call('UNLINK', index)
        redis.call('SADD', index, unpack(ids))
      end
      ids = {}
    end
  end
end

return { 'applied', time[1], time[2], placements, failures }
