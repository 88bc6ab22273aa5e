-- try-rotation: finds out whether this user may write here what a rotation writes, and leaves everything as it was.
--
-- KEYS[1]  <group>:<interval>:cur:@ts, as with rotate
-- Reply    'ok'; otherwise the error that a rotation would meet: a replica, a disk or a memory that is full, a missing right
--
-- Two keys of names that nothing else has are there while it runs, and nobody can see them.
--
-- Safe to repeat.

local prefix = string.sub(KEYS[1], 1, -8) -- '<group>:<interval>:'
local one, other = prefix .. '@try', prefix .. '@tried'
redis.call('UNLINK', one, other)
redis.call('MSET', one, '1')
redis.call('RENAME', one, other)
redis.call('SETNX', one, '0')
redis.call('UNLINK', one, other)
redis.call('SADD', one, '1')
redis.call('UNLINK', one)
return 'ok'
