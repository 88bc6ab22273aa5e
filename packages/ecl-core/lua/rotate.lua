-- rotate: turns the windows of one interval over, when the current one has ended.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, which also names the slot; every other key is derived from it
-- ARGV     1 length of the interval, seconds
--          2 only where last has been published in this run of the server, see run-id.ts: that run; '' for all the same
--          3 the declared events, an array in JSON, where they have keys: none with layout hash
-- Reply    { status, seconds, microseconds, current window, ... } where status is
--          'rotated'  + start of the window that is now last, number of events moved
--          'already'
--          'unpublished'
--          'begun'
--          'reset'    + what the current window was
--
-- A window's counts are in keys, one for each event, or in one hash, <group>:<interval>:cur, by the layout of whoever put
-- them there. Both are moved, so programs need not agree: the hash in no time, whatever its size.
--
-- Safe to repeat, and to run from any number of masters: the guard on @ts lets one of them through per boundary. @ts is
-- written before the counts are moved, so a script that aborts in between leaves counts in cur, where the next window
-- shows them, and never wipes one that somebody has moved.

local CHUNK = 500
-- It may be any.
local UNKNOWN_RUN = '00000000'

-- Redis guards its globals: looking one up takes long, and this is done for each event.
local call, try, byte = redis.call, redis.pcall, string.byte
local AT = 64
local given = cjson.decode(ARGV[3])

local function whole(number)
  return string.format('%.0f', number)
end

local prefix = string.sub(KEYS[1], 1, -8) -- '<group>:<interval>:'
local cur, last = prefix .. 'cur:', prefix .. 'last:'
-- A key that is never written. While a cluster moves the group's slot to another node, asking for what is not here fails,
-- and the script ends before it has changed anything.
local absent = try('GET', prefix .. '@none')
if type(absent) == 'table' and not string.match(absent.err, '^WRONGTYPE') then
  return absent
end
local length = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1])
local window = now - now % length

-- A foreign value, or one of another type, counts as none, and SET replaces it.
local raw = try('GET', KEYS[1])
local current
if type(raw) == 'string' and #raw <= 15 and string.match(raw, '^%d+$') then
  current = tonumber(raw)
end

local run = ARGV[2]
local function is_same_run(a, b)
  return a == b or a == UNKNOWN_RUN or b == UNKNOWN_RUN
end
if not current then
  call('MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window))
  if run ~= '' then
    call('MSET', cur .. '@run', run)
  end
  for e = 1, #given do
    call('SETNX', cur .. given[e], '0')
    call('SETNX', last .. given[e], '0')
  end
  for e = 1, #given, CHUNK do
    local chunk = { unpack(given, e, math.min(e + CHUNK - 1, #given)) }
    try('SADD', cur .. '@ids', unpack(chunk))
    try('SADD', last .. '@ids', unpack(chunk))
  end
  return { 'begun', time[1], time[2], whole(window) }
end

current = current - current % length
if current > window + 2 * length then
  -- Written while the clock was wrong. Rotation would stand still until the clock catches up with it.
  call('MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window))
  -- Nobody knows what these counts are of.
  call('UNLINK', cur .. '@sum', cur .. '@ahead')
  return { 'reset', time[1], time[2], whole(window), whole(current) }
end
if current >= window then
  return { 'already', time[1], time[2], whole(current) }
end
local began_in
if run ~= '' then
  -- What would be overwritten has to be in the queue as it is. Apply removes the mark where it has changed.
  local marks = call('MGET', cur .. '@by', last .. '@ts', last .. '@published', cur .. '@run')
  began_in = marks[4]
  local start = current - length
  if marks[1] == raw and marks[2] and string.match(marks[2], '^%d+$') and #marks[2] <= 15 then
    start = tonumber(marks[2])
  end
  local marked, marked_in = string.match(marks[3] or '', '^(%d+) (%x+)$')
  if marked ~= whole(start) or not is_same_run(marked_in, run) then
    return { 'unpublished', time[1], time[2], whole(current) }
  end
end

-- Read everything. The IDs are read here, so nobody can add one in between. Where the index has as many as there are
-- declared ones in it, there are no others, and it need not be read, which saves a sixth of the time of a large group.
local indexed = try('SCARD', cur .. '@ids')
local has_index = type(indexed) == 'number'
if not has_index and not string.match(indexed.err, '^WRONGTYPE') then
  return indexed
end
local declared, unlisted, dynamic = #given, {}, {}
for first = 1, has_index and declared or 0, CHUNK do
  local found = call('SMISMEMBER', cur .. '@ids', unpack(given, first, math.min(first + CHUNK - 1, declared)))
  for k = 1, #found do
    if found[k] == 0 then
      unlisted[#unlisted + 1] = given[first + k - 1]
    end
  end
end
-- What the window before had, and this one has not.
local stale
if has_index then
  stale = try('SDIFF', last .. '@ids', cur .. '@ids')
else
  stale = try('SMEMBERS', last .. '@ids')
end
if stale.err then
  if not string.match(stale.err, '^WRONGTYPE') then
    return stale
  end
  stale = {}
end
-- A name that begins with @ is no event's: its key would be a mark, a sum or the index itself, whoever has put it there.
local function is_event(id)
  return byte(id) ~= AT
end
local gone_events = {}
for e = 1, #stale do
  if is_event(stale[e]) then
    gone_events[#gone_events + 1] = stale[e]
  end
end
local has_others = has_index and indexed > declared - #unlisted
local is_declared = {}
for e = 1, (has_others or #gone_events > 0) and declared or 0 do
  is_declared[given[e]] = true
end
for _, id in ipairs(has_others and call('SMEMBERS', cur .. '@ids') or {}) do
  if not is_declared[id] and is_event(id) then
    dynamic[#dynamic + 1] = id
  end
end

-- In chunks, and only once: tables and texts are most of what a rotation takes.
local function read(ids)
  local chunks = {}
  for first = 1, #ids, CHUNK do
    local keys, some = {}, { unpack(ids, first, math.min(first + CHUNK - 1, #ids)) }
    for k = 1, #some do
      keys[k] = cur .. some[k]
    end
    chunks[#chunks + 1] = { ids = some, keys = keys, values = call('MGET', unpack(keys)) }
  end
  return chunks
end
local of_declared, of_dynamic = read(given), read(dynamic)

local sum = try('GET', cur .. '@sum')
local fields = try('HLEN', prefix .. 'cur')
if type(fields) == 'table' and not string.match(fields.err, '^WRONGTYPE') then
  return fields
end

-- What a user may not do has to show before anything is written: dynamic events that are copied to last, and not removed
-- from cur, would count twice.
call('UNLINK', last .. '@none')
local renamed = try('RENAME', cur .. '@none', last .. '@none')
if renamed.err and not string.find(renamed.err, 'no such key', 1, true) then
  return renamed
end

-- The guard, before the counts.
call(
  'MSET', cur .. '@ts', whole(window), cur .. '@by', whole(window), last .. '@ts', whole(current),
  last .. '@sum', type(sum) == 'string' and sum or '0', cur .. '@sum', '0'
)

-- First the old one: RENAME over it would free it at once, which takes 0.3 s for a million events.
call('UNLINK', prefix .. 'last', last .. '@next')
if run ~= '' then
  call('MSET', cur .. '@run', run)
  if began_in and not is_same_run(began_in, run) and window > current + length then
    -- Windows in between may have been turned over, before a crash that is undone with all that came behind it.
    call('MSET', last .. '@next', whole(window))
  end
end
if fields ~= 0 then
  call('RENAME', prefix .. 'cur', prefix .. 'last')
end

-- One field is none, see apply.
local moved = declared + (type(fields) == 'number' and math.max(fields - 1, 0) or 0)
local to_last, to_zero = {}, {}
for _, chunk in ipairs(of_declared) do
  local ids, keys, values, n = chunk.ids, chunk.keys, chunk.values, 0
  for k = 1, #ids do
    to_last[n + 1], to_last[n + 2] = last .. ids[k], values[k] or '0'
    to_zero[n + 1], to_zero[n + 2] = keys[k], '0'
    n = n + 2
  end
  call('MSET', unpack(to_last, 1, n))
  call('MSET', unpack(to_zero, 1, n))
end
for _, chunk in ipairs(of_dynamic) do
  local ids, values, n, gone = chunk.ids, chunk.values, 0, {}
  for k = 1, #ids do
    if values[k] then
      to_last[n + 1], to_last[n + 2] = last .. ids[k], values[k]
      n = n + 2
    else
      -- The index may name more than exists.
      gone[#gone + 1] = last .. ids[k]
    end
  end
  moved = moved + n / 2
  if n > 0 then call('MSET', unpack(to_last, 1, n)) end
  if #gone > 0 then call('UNLINK', unpack(gone)) end
  call('UNLINK', unpack(chunk.keys))
end
for first = 1, #gone_events, CHUNK do
  local gone = {}
  for e = first, math.min(first + CHUNK - 1, #gone_events) do
    if not is_declared[gone_events[e]] then
      gone[#gone + 1] = last .. gone_events[e]
    end
  end
  if #gone > 0 then call('UNLINK', unpack(gone)) end
end

-- The index goes along with the counts. Where all events are declared, both windows have the same one, mostly: all of
-- last's is in cur's, all of cur's is declared, and all that are declared are as many as last's.
local same = has_index and not has_others and #stale == 0
if not (same and try('SCARD', last .. '@ids') == declared) then
  call('UNLINK', last .. '@ids')
  if not has_index then
    call('UNLINK', cur .. '@ids')
    unlisted = given
  elseif indexed > 0 then
    call('RENAME', cur .. '@ids', last .. '@ids')
  end
  for first = 1, declared, CHUNK do
    call('SADD', cur .. '@ids', unpack(given, first, math.min(first + CHUNK - 1, declared)))
  end
  for first = 1, #unlisted, CHUNK do
    call('SADD', last .. '@ids', unpack(unlisted, first, math.min(first + CHUNK - 1, #unlisted)))
  end
end

return { 'rotated', time[1], time[2], whole(window), whole(current), whole(moved) }
