-- apply: adds one batch of counts, once, in the window in which they happened.
--
-- KEYS[1]  <group>:@clients, which also names the slot; every other key is derived from it
-- ARGV     1 client id       2 number           3 the number it follows
--          4 instant of the segment, seconds; '' where the batch has no counts
--          5 may hold, '1'   6 closes, '1'      7 lifetime of an unused client entry, seconds
--          8 flushed through, seconds           9 counts from before this instant may be lost, seconds
--         10 logged by the client in all       11 of that unsent behind this batch
--         12 replayed by the client in all     13 counts that were refused before, '1'
--         14 max events ('' for none)          15 overflow event
--         16 how many of the events are exempt from that bound (the declared ones; they come first)
--         17 which of the intervals the books are kept by (0: none of them)
--         18 layout: 'hash' where the counts of a window are put into one hash; 'keys' where each has a key
--         19 the events, an array in JSON      20 their counts, an array of as many texts in JSON
--         21 sum of the counts                 22 latest stamp of what was merged into the segment, or ''
--         23 the batch's token, 4 characters
--          then pairs: interval as spelled, its length in seconds
--          As texts of their own, a thousand events and counts would take Redis a fifth more time.
-- Reply    { status, seconds, microseconds, ... } where status is
--          'applied'    + { placement of each interval }, { interval index, event index, error, ... }
--          'duplicate'  + last applied number, tokens of the last eight applied
--          'gap'        + the same
--          'hold'
--
-- Safe to repeat: the client's entry holds the last applied number, and a batch is applied only right behind the number
-- that it follows. Redis does not roll a script back, so the order of writes matters: first the marks of windows and the
-- index, which say nothing wrong when no count follows; then the number; then nothing but counts and sums of them, each
-- of them caught when it fails, and reported. What aborts before the number is done again whole, and nothing aborts
-- after it; where not one count could be added, the number is put back.
--
-- The client's entry:
--   number, last use, closed, flushed through, loss until; logged, applied, unsent, refused, late, replayed; tokens
-- By the tokens of the last eight batches, one behind the other, a client sees that a batch of its number was another's:
-- a copy of its process, as of a virtual machine, counts under the same id.
-- The books are kept by one interval, or an event would count as often as there are intervals. They balance while
-- logged = applied + refused + unsent.

-- Redis guards its globals: looking one up takes as long as adding a count, and this is done for each event and interval.
local call = redis.call
-- Redis keeps a hash of up to 128 fields as a list, and walks through it for each count, unless one of its values is longer
-- than 64 bytes: a hundred counts take twice as long then as in keys, and with this field in front less than those.
local TABLE_FIELD = '@table'
local TABLE_VALUE = 'No count. So long a text makes Redis keep this hash as a table, which is faster.'

-- Stands among the clients after another program has overwritten them.
local OVERWRITTEN = '@overwritten'
-- Seconds: after which a client that is silent is taken for dead, and for how long those are believed who were overwritten.
local LEASE, BELIEVED = 10, 3600
-- What is longer is no entry of a client.
local MAX_DIGITS, MAX_ENTRY = 15, 512

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
-- A key that is never written. While a cluster moves the group's slot to another node, asking for what is not here fails,
-- and the script ends before it has changed anything.
local absent = redis.pcall('GET', base .. '@none')

-- What a script may not do, Redis says without a name.
local function refused(reply, command)
  return redis.error_reply(reply.err .. ' (' .. command .. ')')
end
-- Of another kind than that a foreign value is there: as that it would say what is not so.
local function is_refused(reply)
  return type(reply) == 'table' and reply.err and not string.match(reply.err, '^WRONGTYPE')
end
if is_refused(absent) then
  return refused(absent, 'GET')
end
local client, number, follows = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local closes = ARGV[6] == '1'
local booked = tonumber(ARGV[17])
local hashed = ARGV[18] == 'hash'
local given, counts, sum = cjson.decode(ARGV[19]), cjson.decode(ARGV[20]), tonumber(ARGV[21])
local token = ARGV[23]
local first_interval = 24
local interval_count, event_count = (#ARGV - first_interval + 1) / 2, #given

local time = redis.call('TIME')
local now = tonumber(time[1])

-- Once. Before everything else, so that a copy delayed on its way changes nothing.
local entry = redis.pcall('HGET', clients, client)
local last_applied, applied, refused_before, late, tokens = 0, 0, 0, 0, ''
if is_refused(entry) then
  return refused(entry, 'HGET')
end
if type(entry) == 'table' then
  -- Another program has overwritten the clients. Windows before now are not complete, as nobody knows who was to come, and
  -- the books are not balanced until an operator says so: this client never says farewell.
  redis.call('UNLINK', clients)
  redis.call('HSET', clients, OVERWRITTEN, table.concat({
    '0', time[1], '0', time[1], whole(now + LEASE), '0', '0', '0', '0', '0', '0',
  }, ' '))
  entry = false
end
if not entry and follows > 0 then
  -- A crash takes counts along with the entries of those who sent them, and they are sent once more. Here the counts are
  -- there, and would be counted twice: what the client says is believed.
  local since = string.match(redis.call('HGET', clients, OVERWRITTEN) or '', '^0 (%d+) ')
  if since and now - tonumber(since) < BELIEVED then
    last_applied = follows
    refused_before = ARGV[13] == '1' and sum or 0
    applied = tonumber(ARGV[10]) - tonumber(ARGV[11]) - sum
  end
end
if entry then
  last_applied = tonumber(string.match(entry, '^%d+')) or 0
  local sums = { string.match(entry, '^%d+ %d+ %d %d+ %d+ %-?%d+ (%-?%d+) %-?%d+ (%-?%d+) (%-?%d+) %-?%d+ ?(%w*)') }
  tokens = sums[4] or ''
  applied, refused_before, late = tonumber(sums[1]) or 0, tonumber(sums[2]) or 0, tonumber(sums[3]) or 0
end
if number <= last_applied then
  return { 'duplicate', time[1], time[2], whole(last_applied), tokens }
end
if follows ~= last_applied then
  return { 'gap', time[1], time[2], whole(last_applied), tokens }
end

-- In its window.
local at = tonumber(ARGV[4])
local stamped = at ~= nil
if not stamped or at > now then
  at = now -- a logger whose clock runs ahead
end
local mixed_with = tonumber(ARGV[22])

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
  -- Where windows were merged, as they were late, none up to the latest of them has all of its counts.
  if mixed_with and mixed_with - mixed_with % length ~= stamp then
    counter.apart = math.min(mixed_with, now)
  end
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
  -- Should their own window still begin, these counts are missing in it.
  if placements[i] == 'ahead' then
    counter.apart = math.max(at, counter.apart or 0)
  end
  counters[i] = counter
end

-- The marks. This is the first write at the earliest: where Redis is out of memory, or a replica, the script ends here.
for i = 1, interval_count do
  local begin = counters[i].begin
  if begin then
    redis.call('MSET', counters[i].prefix .. 'cur:@ts', begin, counters[i].prefix .. 'cur:@by', begin)
  end
  if counters[i].apart then
    local ahead = counters[i].prefix .. 'cur:@ahead'
    redis.call('MSET', ahead, whole(math.max(counters[i].apart, mark(ahead) or 0)))
  end
end

-- The names to count under: what is over the bound of a group goes to its overflow event.
local max_events, exempt = tonumber(ARGV[14]), tonumber(ARGV[16])
local function names(index)
  if not max_events then
    return given
  end
  local size = redis.pcall(hashed and 'HLEN' or 'SCARD', index)
  if hashed then
    size = size - 1 -- TABLE_FIELD
  end
  local ids, new = {}, {}
  for e = 1, event_count do
    local event = given[e]
    if type(size) == 'number' and e > exempt and redis.call(hashed and 'HEXISTS' or 'SISMEMBER', index, event) == 0 then
      if size >= max_events then
        event = ARGV[15]
      elseif not new[event] then
        new[event] = true
        size = size + 1
      end
    end
    ids[e] = event
  end
  return ids
end

-- The index. It may name more than exists. A hash is its own.
for i = 1, event_count > 0 and interval_count or 0 do
  local window = counters[i].prefix .. counters[i].where
  local index = hashed and window or window .. ':@ids'
  counters[i].window = window
  if hashed then
    local size = redis.pcall('HLEN', window)
    if is_refused(size) then
      return refused(size, 'HLEN')
    elseif type(size) == 'table' then
      -- A foreign value in the hash's place holds no count of ours, and would keep out those of all events.
      redis.call('UNLINK', window)
      size = 0
    end
    if size == 0 then
      redis.call('HSET', window, TABLE_FIELD, TABLE_VALUE)
    end
  end
  counters[i].ids = names(index)
  -- unpack takes 7,999 values at most
  for first = 1, hashed and 0 or event_count, 1000 do
    local last = math.min(first + 999, event_count)
    local added = redis.pcall('SADD', index, unpack(counters[i].ids, first, last))
    if is_refused(added) then
      return refused(added, 'SADD')
    elseif type(added) == 'table' then
      -- A foreign value in the index' place; without an index a rotation would not find the events.
      redis.call('UNLINK', index)
      redis.call('SADD', index, unpack(counters[i].ids, first, last))
    end
  end
end

-- Every eighth batch of a client looks at ten entries, so that nobody else has to, and at more where many of them are to
-- be removed: those that are no client's, and those long unused. Another version of this program may write more into one.
local function is_out_of_date(id, entry)
  local used, closed, loss = string.match(entry, '^%d+ (%d+) ([012]) %d+ (%d+) [%w%- ]+$')
  if id == client then
    return false
  elseif not used or #used > MAX_DIGITS or #loss > MAX_DIGITS or #entry > MAX_ENTRY then
    return true
  end
  used, loss = tonumber(used), tonumber(loss)
  if used > now + LEASE or loss > now + LEASE then
    -- The clock has gone back, or somebody else has written this. Nobody is waited for on account of it, but should the
    -- client still be there, it has to be known when its next batch comes.
    local long_ago = whole(now - tonumber(ARGV[7]) + 300)
    redis.call('HSET', clients, id, (string.gsub(
      entry, '^(%d+) %d+ ([012] %d+) %d+', '%1 ' .. long_ago .. ' %2 ' .. long_ago
    )))
    return false
  end
  -- Who has lost counts is remembered by those who ask whether a window is complete.
  return now - used > (closed == '1' and loss == 0 and 300 or tonumber(ARGV[7]))
end
local looks = number % 8 == 1 and 20 or 0
while looks > 0 do
  local sample, gone = redis.call('HRANDFIELD', clients, looks == 20 and 10 or 100, 'WITHVALUES'), {}
  for i = 1, #sample, 2 do
    if is_out_of_date(sample[i], sample[i + 1]) then
      gone[#gone + 1] = sample[i]
    end
  end
  if #gone > 0 then
    redis.call('HDEL', clients, unpack(gone))
  end
  looks = #gone * 4 > #sample and looks - 1 or 0
end

-- Number and books, as they are when all counts are taken.
local misplaced = false
for i = 1, interval_count do
  misplaced = misplaced or placements[i] == 'late' or placements[i] == 'ahead'
end
local function enter(set, failed, limit, loss)
  local taken = booked > 0 and sum - failed or 0
  local again = booked > 0 and ARGV[13] == '1' and sum or 0
  -- A client whose clock is ahead has not seen what is to come.
  local through = math.min(tonumber(ARGV[8]), now, limit)
  set('HSET', clients, client, table.concat({
    whole(number), time[1], closes and '1' or '0', whole(through), loss,
    ARGV[10], whole(applied + taken), ARGV[11], whole(refused_before + (booked > 0 and failed or 0) - again),
    whole(late + (misplaced and taken or 0)), ARGV[12], string.sub(tokens .. token, -32),
  }, ' '))
end
enter(redis.call, 0, now, ARGV[9])

-- As replies.ts has it: no repeat will make a counter of such a value.
local function is_hopeless(err)
  return string.find(err, 'WRONGTYPE', 1, true) or string.find(err, 'not an integer', 1, true)
    or string.find(err, 'overflow', 1, true) or string.find(err, 'out of range', 1, true)
end
local failures, not_booked, hopeful = {}, 0, 0
for i = 1, event_count > 0 and interval_count or 0 do
  local window, ids, taken = counters[i].window, counters[i].ids, sum
  local prefix, e = window .. ':', 0
  -- One pcall around them all: to look at each reply takes as long as a tenth of all this script does.
  local function add_rest()
    for at = e + 1, event_count do
      e = at
      if hashed then
        call('HINCRBY', window, ids[at], counts[at])
      else
        call('INCRBY', prefix .. ids[at], counts[at])
      end
    end
  end
  local added, raised = pcall(add_rest)
  while not added do
    -- A text, before Redis 7.
    local err = type(raised) == 'table' and raised.err or raised
    if string.find(err, "can't", 1, true) then
      err = err .. (hashed and ' (HINCRBY)' or ' (INCRBY)')
    end
    failures[#failures + 1] = i
    failures[#failures + 1] = e
    failures[#failures + 1] = err
    hopeful = hopeful + (is_hopeless(err) and 0 or 1)
    taken = taken - counts[e]
    if i == booked then
      not_booked = not_booked + counts[e]
    end
    added, raised = pcall(add_rest)
  end
  -- What belongs into this window and came by way of a logger: where the counts add up to something else, there are
  -- others among them.
  if taken ~= 0 and (placements[i] == 'cur' or placements[i] == 'last') then
    redis.pcall('INCRBY', window .. ':@sum', whole(taken))
  end
  if placements[i] == 'last' then
    -- That window may have been published; it is not what it was.
    redis.pcall('UNLINK', window .. ':@published')
  end
end
if hopeful > 0 and hopeful == event_count * interval_count then
  -- None was taken, and another try may do better (a right was taken away): it is as if the batch had not come. Else the
  -- reply alone would say that the counts are still to be sent, and it may get lost.
  local undone = entry and redis.pcall('HSET', clients, client, entry) or redis.pcall('HDEL', clients, client)
  if type(undone) == 'number' then
    return redis.error_reply(failures[3])
  end
end
if #failures > 0 then
  -- The client is not flushed through what was not taken. Its next batch says whether it is lost; there may be none.
  enter(redis.pcall, not_booked, at, whole(math.max(tonumber(ARGV[9]), now + 1)))
end

return { 'applied', time[1], time[2], placements, failures }
