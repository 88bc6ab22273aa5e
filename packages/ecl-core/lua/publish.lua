-- publish: puts the last window of one interval into the queue from which it is archived.
--
-- KEYS[1]  @history:<group>:<interval>:closed, which also names the slot; every other key is derived from it
-- ARGV     1 length of the interval, seconds
--          2 start of the window that is meant
--          3 its completeness, as judged just before without a look at its counts
--          4 until when it may still become complete, seconds; '' where this is the last word on it
--          5 how many seconds an entry may wait, at most         6 how many entries may, at most
--          7 events in an entry, at most
--          8 the declared events, an array in JSON
--          9 the run of the server, see run-id.ts
--         10 for how long loggers keep what they have sent, ms
--         11 whether other programs may count in this group, '1' or '0'
-- Reply    { status, seconds, microseconds, ... } where status is
--          'published'  + revision, number of parts, completeness, entries dropped
--          'already'
--          'nothing'    there is no such window, or none that anybody has counted in
--
-- Entries have the IDs <start in ms>-<revision * 10000 + part>, so those of one window are together and in order. IDs
-- have to rise: where a clock has jumped, and a later window is in the stream already, its ID is gone on with. What an
-- entry is of is told by its fields. A revision is what comes after the stream's last ID, which a trim does not change.
--
-- A mark of another run of the server is none: what changed the window since may have been forgotten. So a window is
-- published again after a restart, as it is now.
--
-- A queue that somebody has put something else into is mended here: what is no stream is removed, and where no entry can
-- follow the last one, what waits goes into a new stream.
--
-- Safe to repeat, and to run from any number of masters: the mark says which window was published as it is, and apply
-- removes it when late counts change that window. It is written last: what aborts before is published again, whole, as
-- a newer version, and nothing that is unpublished is ever marked.

local CHUNK = 500
local REVISION = 10000
local HALF = 1e9
local AT = 64
local OVERDUE = 1000
-- A number of Lua's is exact up to 2^53. Clocks and revisions never come this far.
local HIGHEST = 2 ^ 52
-- The consumer group of all archivers.
local GROUP = 'ecl-history'
-- It may be any.
local UNKNOWN_RUN = '00000000'

local function whole(number)
  return string.format('%.0f', number)
end

local function id_parts(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end

-- A mark as masters write it; a foreign value, or one of another type, counts as none.
local function mark(key)
  local text = redis.pcall('GET', key)
  if type(text) == 'string' and #text <= 15 and string.match(text, '^%d+$') then
    return tonumber(text), text
  end
end

-- A client may put a prefix before all of its keys. Names of groups and intervals hold no colon.
local before, own = string.match(KEYS[1], '^(.*)@history:([^:]*:[^:]*:)closed$')
local prefix = before .. own -- '<group>:<interval>:'
local last, stream = prefix .. 'last:', KEYS[1]
local queue = string.sub(stream, 1, -7) -- '@history:<group>:<interval>:'
-- A key that is never written. While a cluster moves the group's slot to another node, asking for what is not here fails,
-- and the script ends before it has changed anything.
local absent = redis.pcall('GET', prefix .. '@none')
if type(absent) == 'table' and not string.match(absent.err, '^WRONGTYPE') then
  return absent
end
local length, start = tonumber(ARGV[1]), tonumber(ARGV[2])
local completeness = ARGV[3]
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Which window last holds. Where another program has rotated since, it is the one before the current one.
local current, raw = mark(prefix .. 'cur:@ts')
if not current then
  return { 'nothing', time[1], time[2] }
end
local told
local _, by = mark(prefix .. 'cur:@by')
if by == raw then
  told = mark(last .. '@ts')
end
if (told or current - current % length - length) ~= start then
  return { 'nothing', time[1], time[2] }
end
local published = redis.pcall('GET', last .. '@published')
local run = ARGV[9]
local closed = whole(start) .. ' ' .. run
local marked, marked_in, open = string.match(type(published) == 'string' and published or '', '^(%d+) (%x+) ?(%d*)$')
local same_run = marked_in == run or marked_in == UNKNOWN_RUN or run == UNKNOWN_RUN
-- Where it was open whether it would become complete, and still is, that is not to be said again.
if marked == whole(start) and same_run and (open == '' or ARGV[4] ~= '') then
  return { 'already', time[1], time[2] }
end

-- Sums of 64-bit integers, in two halves: a number of Lua's is exact up to 2^53 only.
local function adder()
  local high, low = 0, 0
  local sum = {}
  function sum.add(count, sign)
    local minus, digits = string.match(count, '^(%-?)(%d+)$')
    local factor = minus == '-' and -sign or sign
    high = high + factor * (tonumber(string.sub(digits, 1, -10)) or 0)
    low = low + factor * tonumber(string.sub(digits, -9))
  end
  function sum.text()
    local carry = math.floor(low / HALF)
    local h, l = high + carry, low - carry * HALF
    if h >= 0 then
      return h == 0 and whole(l) or whole(h) .. string.format('%09.0f', l)
    end
    -- -(h * 10^9 + l), with both of one sign
    if l > 0 then
      h, l = h + 1, HALF - l
    end
    return h == 0 and '-' .. whole(l) or whole(h) .. string.format('%09.0f', l)
  end
  return sum
end

local function is_count(value)
  local digits = string.match(value, '^%-?(%d+)$')
  return digits and (#digits < 19 or #digits == 19 and digits <= '9223372036854775807')
end

-- A name that begins with @ is no event's, whoever has put it there.
local function is_event(id)
  return string.byte(id) ~= AT
end

-- Which events there are. The index may name more than exists; declared ones need not be in it, after another program.
local ids, known = {}, {}
local indexed = redis.pcall('SMEMBERS', last .. '@ids')
if indexed.err and not string.match(indexed.err, '^WRONGTYPE') then
  return indexed
end
for _, id in ipairs(indexed.err and {} or indexed) do
  if is_event(id) then
    known[id] = true
    ids[#ids + 1] = id
  end
end
for _, id in ipairs(cjson.decode(ARGV[8])) do
  if not known[id] then
    known[id] = true
    ids[#ids + 1] = id
  end
end

-- What programs with layout hash have counted is added to what is in keys. A foreign value in its place counts as none.
local fields, hashed = redis.pcall('HGETALL', prefix .. 'last'), {}
if fields.err and not string.match(fields.err, '^WRONGTYPE') then
  return fields
end
for f = 1, fields.err and 0 or #fields, 2 do
  if is_event(fields[f]) then
    hashed[fields[f]] = fields[f + 1]
  end
end

local parts, counts, keys = {}, {}, {}
local total, late = adder(), adder()
local exact = true
local function part()
  parts[#parts + 1] = #counts == 0 and '[]' or cjson.encode(counts)
  counts = {}
end
local function take(id, value)
  if not is_count(value) then
    -- Somebody has put something else there. It cannot be kept, nor the window be called complete.
    exact = false
  elseif value ~= '0' then
    total.add(value, 1)
    counts[#counts + 1] = id
    counts[#counts + 1] = value
    if #counts == 2 * tonumber(ARGV[7]) then
      part()
    end
  end
end
local function both(value, field)
  if not (value and field and is_count(value) and is_count(field)) then
    exact = exact and not (value and field)
    return value or field
  end
  local sum = adder()
  sum.add(value, 1)
  sum.add(field, 1)
  return sum.text()
end
for e = 1, #ids do
  keys[#keys + 1] = last .. ids[e]
  if #keys == CHUNK or e == #ids then
    for k, value in ipairs(redis.call('MGET', unpack(keys))) do
      local id = ids[e - #keys + k]
      local count = both(value, hashed[id])
      hashed[id] = nil
      if count then
        take(id, count)
      end
    end
    keys = {}
  end
end
for f = 1, fields.err and 0 or #fields, 2 do
  if hashed[fields[f]] then
    take(fields[f], fields[f + 1])
  end
end
if #counts > 0 or #parts == 0 then
  part()
end
if not told and by == raw and total.text() == '0' then
  -- The first window has begun in the middle of time: nobody is to believe that nothing happened before.
  redis.call('MSET', last .. '@published', closed)
  return { 'nothing', time[1], time[2] }
end

late.add(total.text(), 1)
local sum = redis.pcall('GET', last .. '@sum')
if type(sum) == 'string' and is_count(sum) then
  late.add(sum, -1)
end
if completeness == 'complete' and not (exact and late.text() == '0') then
  completeness = 'unknown'
end

-- The last ID of a stream, and how many entries it has; zeroes where there is none. What is no stream is removed.
local function look(key)
  local info = redis.pcall('XINFO', 'STREAM', key)
  if info.err and string.match(info.err, '^WRONGTYPE') then
    redis.call('UNLINK', key)
  elseif info.err and not string.find(info.err, 'no such key', 1, true) then
    redis.call('XINFO', 'STREAM', key)
  end
  local ms, sequence, entries = 0, 0, 0
  for i = 1, info.err and 0 or #info, 2 do
    if info[i] == 'last-generated-id' then
      ms, sequence = id_parts(info[i + 1])
    elseif info[i] == 'length' then
      entries = info[i + 1]
    end
  end
  return ms, sequence, entries
end

-- Where no entry can follow the last one, puts all of them into a new stream.
local function renew(key)
  local ms, sequence = look(key)
  if ms <= HIGHEST and sequence <= HIGHEST then
    return
  end
  local renewed, from, moved = queue .. 'renewed', '-', 0
  redis.call('UNLINK', renewed)
  repeat
    local found = redis.call('XRANGE', key, from, '+', 'COUNT', CHUNK)
    for _, entry in ipairs(found) do
      moved = moved + 1
      from = '(' .. entry[1]
      redis.call('XADD', renewed, '1-' .. whole(moved), unpack(entry[2]))
    end
  until #found < CHUNK
  if moved > 0 then
    redis.call('RENAME', renewed, key)
  else
    redis.call('UNLINK', key)
  end
end

local dead, tally = queue .. 'dead', queue .. 'queue'
local seen_ms, seen_sequence = look(stream)
if seen_ms + seen_sequence == 0 then
  -- Nobody has published here yet. Queues once had names that services may write: what waits there goes on here, and
  -- nothing is taken from there later.
  if not redis.pcall('XINFO', 'STREAM', prefix .. '@closed').err then
    redis.call('RENAME', prefix .. '@closed', stream)
  end
  if not redis.pcall('XINFO', 'STREAM', prefix .. '@dead').err then
    redis.call('RENAME', prefix .. '@dead', dead)
  end
  local counted = redis.pcall('HLEN', prefix .. '@queue')
  if type(counted) == 'number' and counted > 0 then
    redis.call('RENAME', prefix .. '@queue', tally)
  end
end
renew(stream)
renew(dead)
local counted = redis.pcall('HLEN', tally)
if type(counted) == 'table' and string.match(counted.err, '^WRONGTYPE') then
  redis.call('UNLINK', tally)
end

-- After the stream's last ID.
local id_ms, id_sequence, entries = look(stream)
local revision = 0
if id_ms >= start * 1000 then
  revision = math.floor(id_sequence / REVISION) + 1
end
id_ms = math.max(id_ms, start * 1000)
-- See UndoneWindows.
local following, undone = mark(last .. '@next'), {}
if told and following == current then
  undone = { 'next', whole(following), 'loss', whole(ARGV[10]), 'foreign', ARGV[11] }
end
for p = 1, #parts do
  redis.call(
    'XADD', stream, whole(id_ms) .. '-' .. whole(revision * REVISION + p),
    'start', whole(start), 'length', whole(length), 'published', whole(now_ms), 'revision', whole(revision),
    'part', whole(p), 'parts', whole(#parts), 'completeness', completeness,
    'late', late.text(), 'total', total.text(), 'counts', parts[p], unpack(undone)
  )
end
redis.call('MSET', last .. '@published', ARGV[4] == '' and closed or closed .. ' ' .. ARGV[4])

-- Which entries our archivers have taken; nil where none have been acknowledged that are still there: without other
-- consumer groups, those leave the stream at once.
local taken_ms, taken_sequence
local groups = redis.pcall('XINFO', 'GROUPS', stream)
for _, info in ipairs(not groups.err and #groups > 1 and groups or {}) do
  local group = {}
  for i = 1, #info, 2 do
    group[info[i]] = info[i + 1]
  end
  if group.name == GROUP then
    taken_ms, taken_sequence = id_parts(group['last-delivered-id'])
  end
end

local function is_archived(id)
  local ms, sequence = id_parts(id)
  if not taken_ms or ms > taken_ms or ms == taken_ms and sequence > taken_sequence then
    return false
  end
  local pending = redis.pcall('XPENDING', stream, GROUP, id, id, 1)
  return not pending.err and #pending == 0
end

-- What is over the bounds. Not all of it at once, where nobody has been here for long.
local dropped = 0
local over = entries + #parts - tonumber(ARGV[6])
local oldest_ms = now_ms - tonumber(ARGV[5]) * 1000
for n = 1, OVERDUE do
  local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  -- The sixth of the fields and values is the time of the publication.
  if not entry or n > over and (tonumber(entry[2][6]) or 0) >= oldest_ms then
    break
  end
  local waits = not is_archived(entry[1])
  if redis.call('XDEL', stream, entry[1]) == 1 and waits then
    dropped = dropped + 1
  end
end
if dropped > 0 then
  redis.pcall('HINCRBY', tally, 'dropped', whole(dropped))
end
return { 'published', time[1], time[2], whole(revision), whole(#parts), completeness, whole(dropped) }
