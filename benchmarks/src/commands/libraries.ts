/** What a command takes that loads its libraries as they are, and compiles its schema as it starts. A program. */
import { Ajv } from 'ajv'
import { Command } from 'commander'
import { Redis } from 'ioredis'
import { parse } from 'yaml'

const schema = { type: 'object', properties: { groups: { type: 'object' } } }
const isValid = new Ajv().compile(schema)
new Command().exitOverride()
if (!isValid(parse('groups: {}')) || Redis === undefined) process.exitCode = 1
