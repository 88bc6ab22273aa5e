-- adopt: enters events that other programs have counted into the index of a window, so that they are moved along with it.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, which also names the slot; every other key is derived from it
-- ARGV     1 'cur' or 'last'  2 the events that were found, an array in JSON
-- Reply    how many of them have a count and were in no index
--
-- Where there are such events, <group>:@foreign says 'found' and when. An event of a logger of ours is in the index before
-- it has a count, so it is never among them, whenever the window is turned over.
--
-- Safe to repeat, and to run from any number of masters.

local CHUNK = 500

local prefix = string.sub(KEYS[1], 1, -8) -- '<group>:<interval>:'
local window = prefix .. ARGV[1] .. ':'
local index = window .. '@ids'
local absent = redis.pcall('GET', prefix .. '@none')
if type(absent) == 'table' and not string.match(absent.err, '^WRONGTYPE') then
  return absent
end
local time = redis.call('TIME')
local given = cjson.decode(ARGV[2])
local adopted = 0
for first = 1, #given, CHUNK do
  local some, keys, new = { unpack(given, first, math.min(first + CHUNK - 1, #given)) }, {}, {}
  for e = 1, #some do
    keys[e] = window .. some[e]
  end
  local listed = redis.pcall('SMISMEMBER', index, unpack(some))
  if listed.err then
    if not string.match(listed.err, '^WRONGTYPE') then
      return listed
    end
    -- A foreign value in the index' place.
    redis.call('UNLINK', index)
    listed = {}
  end
  local counts = redis.call('MGET', unpack(keys))
  for e = 1, #some do
    if counts[e] and listed[e] ~= 1 then
      new[#new + 1] = some[e]
    end
  end
  if #new > 0 then
    adopted = adopted + #new
    redis.call('SADD', index, unpack(new))
  end
end
if adopted > 0 then
  redis.call('MSET', string.match(prefix, '^(.*:)[^:]*:$') .. '@foreign', 'found ' .. time[1])
  if ARGV[1] == 'last' then
    -- That window may have been published; it is not what it was.
    redis.call('UNLINK', window .. '@published')
  end
end
return adopted
