-- acknowledge: takes entries that are in SQL, or never will be, out of the queue of one interval.
--
-- KEYS[1]  @history:<group>:<interval>:closed, which also names the slot; every other key is derived from it
-- ARGV     1 why they cannot be archived: they go to the dead letters; '' where they have been
--          2 how many dead letters are kept, at most
--          then the IDs of the entries
-- Reply    how many of them were this group's to acknowledge
--
-- An acknowledged entry leaves the stream at once, unless somebody has made other consumer groups: then when all of them
-- have acknowledged it and what is before it.
--
-- Safe to repeat: what has been acknowledged is not pending any more, so a second time it is neither counted nor moved.

local GROUP = 'ecl-history'

local stream = KEYS[1]
local prefix = string.sub(stream, 1, -7) -- '@history:<group>:<interval>:'
local absent = redis.pcall('GET', prefix .. 'none')
if type(absent) == 'table' and not string.match(absent.err, '^WRONGTYPE') then
  return absent
end
local rejected = ARGV[1] ~= ''

local groups = redis.pcall('XINFO', 'GROUPS', stream)
if groups.err then
  groups = {}
end

local acknowledged, dropped = 0, 0
for a = 3, #ARGV do
  local id = ARGV[a]
  local entry = rejected and redis.call('XRANGE', stream, id, id)[1]
  local held = entry and redis.pcall('XPENDING', stream, GROUP, id, id, 1)
  if held and not held.err and #held == 1 then
    -- First: where that fails, nothing is lost.
    local fields = entry[2]
    fields[#fields + 1] = 'error'
    fields[#fields + 1] = ARGV[1]
    redis.call('XADD', prefix .. 'dead', '*', unpack(fields))
    dropped = dropped + redis.call('XTRIM', prefix .. 'dead', 'MAXLEN', ARGV[2])
  end
  local done = redis.call('XACK', stream, GROUP, id)
  -- Where Redis has forgotten the entry, another one may have its ID.
  if done == 1 and #groups <= 1 then
    redis.call('XDEL', stream, id)
  end
  acknowledged = acknowledged + done
end
if acknowledged > 0 then
  redis.pcall('HINCRBY', prefix .. 'queue', rejected and 'rejected' or 'archived', acknowledged)
end
if dropped > 0 then
  redis.pcall('HINCRBY', prefix .. 'queue', 'dropped', dropped)
end

-- The first entry that somebody still needs.
groups = redis.pcall('XINFO', 'GROUPS', stream)
local needed_ms, needed_sequence
for _, info in ipairs(groups.err and {} or groups) do
  local group = {}
  for i = 1, #info, 2 do
    group[info[i]] = info[i + 1]
  end
  local after, id = 1, group['last-delivered-id']
  if group.pending > 0 then
    after, id = 0, redis.call('XPENDING', stream, group.name)[2]
  end
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  ms, sequence = tonumber(ms), tonumber(sequence) + after
  if not needed_ms or ms < needed_ms or ms == needed_ms and sequence < needed_sequence then
    needed_ms, needed_sequence = ms, sequence
  end
end
-- Beyond, a number of Lua's is not exact.
if needed_ms and needed_ms <= 2 ^ 52 and needed_sequence <= 2 ^ 52 then
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f-%.0f', needed_ms, needed_sequence))
end
return acknowledged
