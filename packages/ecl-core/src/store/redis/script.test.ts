import { expect, test } from '@jest/globals'
import { saysNoReadOnlyScripts } from './script.ts'

// As servers of these versions put it.
test.each([
  [
    '6.2',
    'ERR unknown command `EVALSHA_RO`, with args beginning with: `2652`, `1`, `g:5s:cur:@ts`, ',
  ],
  ['7.0', "ERR unknown command 'EVAL_RO', with args beginning with: 'return' '1' "],
  ['7.0', "NOPERM this user has no permissions to run the 'eval_ro' command"],
  ['7.2', "NOPERM User ecl-reader has no permissions to run the 'evalsha_ro' command"],
])('Redis %s has no read-only scripts where it says: %s', (_version, message) => {
  expect(saysNoReadOnlyScripts(message)).toBe(true)
})

test.each([
  "ERR ACL failure in script: User ecl-reader has no permissions to run the 'mget' command script: 9ce8",
  "ERR unknown command 'HSCAN' script: 9ce8, on @user_script:1.",
  "NOPERM this user has no permissions to run the 'mget' command",
  'NOSCRIPT No matching script. Please use EVAL.',
])('and has them where it says: %s', (message) => {
  expect(saysNoReadOnlyScripts(message)).toBe(false)
})
