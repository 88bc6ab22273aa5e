-- read: the counts of one interval as of one instant.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, which also names the slot; every other key is derived from it
-- ARGV     1 'cur', 'last' or 'both'  2 how many fields of a hash to read at most, about
--          3 which client to read, '*' for all, as many as of a hash, '' for none  4 how many events to read at most
--          5 the events to read besides those in the index, an array in JSON
-- Reply    { seconds, microseconds, { cur:@ts, cur:@by, last:@ts, cur:@sum, last:@sum, cur:@ahead },
--          { cursor, { field, value, ... } } of the clients, { events, values, ... } of cur's keys, the same of last's,
--          { cursor, { event, value, ... } } of cur's hash, the same of last's }
--          with false for what is missing; a cursor other than '0' where the hash is larger. The events of keys are an
--          array in JSON, and so are the values of each 500 of them: a program takes five times as long for as many
--          texts of their own.
--          false alone where there are too many events: it takes Redis six times as long as to be asked for them by MGET,
--          0.5 ms for a thousand, and nobody else is served meanwhile.
--
-- Only reads; run by EVALSHA_RO, so that a read-only user may.

-- Redis guards its globals: looking one up takes long, and this is done for each event.
local call, byte = redis.call, string.byte
local AT = 64
local asked = cjson.decode(ARGV[5])
local CHUNK = 500
local LONGEST_COUNT = 20
local prefix = string.sub(KEYS[1], 1, -8)
local time = redis.call('TIME')

-- A foreign value in the place of an index, a hash or the clients counts as none; what may not be read is told.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then
    return reply
  end
  if not string.match(reply.err, '^WRONGTYPE') then
    error(reply)
  end
end

local function is_large(part)
  return (try('SCARD', prefix .. part .. ':@ids') or 0) + #asked > tonumber(ARGV[4])
end
if is_large('cur') or is_large('last') then
  return false
end

local function window(part)
  local ids, listed = {}, {}
  for _, id in ipairs(try('SMEMBERS', prefix .. part .. ':@ids') or {}) do
    -- No event's: its key would be a mark, a sum or the index itself, whoever has put it there.
    if byte(id) ~= AT then
      ids[#ids + 1] = id
    end
  end
  if #asked > 0 then
    for e = 1, #ids do
      listed[ids[e]] = true
    end
    for e = 1, #asked do
      if not listed[asked[e]] then
        listed[asked[e]] = true
        ids[#ids + 1] = asked[e]
      end
    end
  end
  if #ids == 0 then
    return false
  end
  local keys, packed = {}, { cjson.encode(ids) }
  local beginning = prefix .. part .. ':'
  for e = 1, #ids do
    keys[e] = beginning .. ids[e]
  end
  for first = 1, #keys, CHUNK do
    local chunk = call('MGET', unpack(keys, first, math.min(first + CHUNK - 1, #keys)))
    for k = 1, #chunk do
      -- No count is as long, and a foreign value may be very long.
      if chunk[k] and #chunk[k] > LONGEST_COUNT then
        chunk[k] = '?'
      end
    end
    packed[#packed + 1] = cjson.encode(chunk)
  end
  return packed
end

local function hash(part)
  return try('HSCAN', prefix .. part, '0', 'COUNT', ARGV[2]) or false
end

local clients
local clients_key = string.match(prefix, '^(.*:)[^:]*:$') .. '@clients'
if ARGV[3] == '*' then
  clients = try('HSCAN', clients_key, '0', 'COUNT', ARGV[2])
elseif ARGV[3] ~= '' then
  local entry = try('HGET', clients_key, ARGV[3])
  clients = { '0', entry and { ARGV[3], entry } or {} }
end
return {
  time[1], time[2],
  redis.call('MGET', KEYS[1], prefix .. 'cur:@by', prefix .. 'last:@ts', prefix .. 'cur:@sum', prefix .. 'last:@sum', prefix .. 'cur:@ahead'),
  clients or false,
  ARGV[1] ~= 'last' and window('cur'),
  ARGV[1] ~= 'cur' and window('last'),
  ARGV[1] ~= 'last' and hash('cur'),
  ARGV[1] ~= 'cur' and hash('last'),
}
