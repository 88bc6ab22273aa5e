-- acknowledge-client: writes down that a client which fell silent will say no more, and that this is known.
--
-- KEYS[1]  <group>:@clients
-- ARGV     1 client id  2 after how many seconds without a word a client is silent
-- Reply    'acknowledged', 'alive', 'closed', or 'unknown' where there is no such client
--
-- The third number of its entry becomes 2. All others stay: what it counted after its last word is as unknown as before,
-- and it is remembered for as long. Should it speak again, apply makes 0 or 1 of it.
--
-- Safe to repeat.

local clients, client = KEYS[1], ARGV[1]
local now = tonumber(redis.call('TIME')[1])
local entry = redis.call('HGET', clients, client)
local used, closed = string.match(entry or '', '^%d+ (%d+) (%d) ')
if not used then
  return 'unknown'
end
if closed == '1' then
  return 'closed'
end
-- Who was heard in what is still to come was heard before the clock went back, or never.
if math.abs(now - tonumber(used)) < tonumber(ARGV[2]) then
  return 'alive'
end
redis.call('HSET', clients, client, (string.gsub(entry, '^(%d+ %d+) %d', '%1 2')))
return 'acknowledged'
