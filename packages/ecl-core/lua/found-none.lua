-- found-none: writes down that no other program counts events in a group that only a search finds.
--
-- KEYS[1]  <group>:@foreign
-- ARGV     1 what it was when the search began, '' for nothing
-- Reply    1; 0 where it is something else by now: another master has found some meanwhile
--
-- Safe to repeat, and to run from any number of masters.

local mark = redis.call('MGET', KEYS[1])[1] or ''
if mark ~= ARGV[1] then
  return 0
end
redis.call('MSET', KEYS[1], 'none')
return 1
