/** What each command's file is: runs the command's program, which lies beside it. */
import { join } from 'node:path'
import { codeFolder, runProgram } from './compiled-code.ts'

// Both are put in when the command is bundled.
const name = process.env['ECL_COMMAND'] ?? ''
const hash = process.env['ECL_PROGRAM_HASH'] ?? ''

runProgram({ file: join(__dirname, `${name}-program.cjs`), name, hash }, codeFolder())
