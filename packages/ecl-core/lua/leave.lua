-- leave: an archiver gives back what it will not come to, and those are forgotten that have nothing and are silent.
--
-- KEYS[1]  @history:<group>:<interval>:closed
-- ARGV     1 name of the archiver      2 ms after which one that has nothing is forgotten
--          3 ms of silence that let others take over at once
--          then the IDs of the entries to give back
-- Reply    how many archivers were forgotten
--
-- One that has entries must not be forgotten: Redis would forget with it that they were ever taken, and nobody would get
-- them again. Safe to repeat.

local GROUP = 'ecl-history'

local stream = KEYS[1]
for a = 4, #ARGV do
  -- Only what is still this one's: XCLAIM would take it from another one.
  local held = redis.pcall('XPENDING', stream, GROUP, ARGV[a], ARGV[a], 1, ARGV[1])
  if not held.err and #held == 1 then
    redis.call('XCLAIM', stream, GROUP, ARGV[1], 0, ARGV[a], 'IDLE', ARGV[3], 'JUSTID')
  end
end
local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, GROUP)
local forgotten = 0
for _, info in ipairs(consumers.err and {} or consumers) do
  local consumer = {}
  for i = 1, #info, 2 do
    consumer[info[i]] = info[i + 1]
  end
  if consumer.pending == 0 and (consumer.name == ARGV[1] or consumer.idle > tonumber(ARGV[2])) then
    redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, consumer.name)
    forgotten = forgotten + 1
  end
end
return forgotten
