-- replay: puts a dead letter back into the queue of its interval, behind all that is there.
--
-- KEYS[1]  @history:<group>:<interval>:closed, which also names the slot; every other key is derived from it
-- ARGV     1 ID of the dead letter
-- Reply    1, or 0 where there is no such letter
--
-- Safe to repeat: the letter is gone when it has been put back, and an entry that is archived twice is harmless.

local stream = KEYS[1]
local prefix = string.sub(stream, 1, -7) -- '@history:<group>:<interval>:'
local absent = redis.pcall('GET', prefix .. 'none')
if type(absent) == 'table' and not string.match(absent.err, '^WRONGTYPE') then
  return absent
end

local letter = redis.call('XRANGE', prefix .. 'dead', ARGV[1], ARGV[1])[1]
if not letter then
  return 0
end
local fields = {}
for i = 1, #letter[2], 2 do
  if letter[2][i] ~= 'error' then
    fields[#fields + 1] = letter[2][i]
    fields[#fields + 1] = letter[2][i + 1]
  end
end
-- Right behind the last ID: the time of day would be later than windows that are still to come.
local id = '0-1'
local info = redis.pcall('XINFO', 'STREAM', stream)
for i = 1, info.err and 0 or #info, 2 do
  if info[i] == 'last-generated-id' then
    local ms, sequence = string.match(info[i + 1], '^(%d+)-(%d+)$')
    id = ms .. '-' .. string.format('%.0f', tonumber(sequence) + 1)
  end
end
redis.call('XADD', stream, id, unpack(fields))
redis.call('XDEL', prefix .. 'dead', ARGV[1])
return 1
