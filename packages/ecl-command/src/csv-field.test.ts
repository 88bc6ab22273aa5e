import { describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { csvField } from './csv-field.ts'

const PIPE = { terminal: false }

describe('csvField', () => {
  it('is read by another parser whatever the name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const records: string[][] = parse(`${csvField(name, PIPE)},1\r\n`, {
          record_delimiter: '\r\n',
        })
        expect(records).toEqual([[name, '1']])
      }),
    )
  })

  it('leaves a formula alone unless asked to defuse it', () => {
    expect(csvField('=1+1', PIPE)).toBe('=1+1')
    expect(csvField('=1+1', { ...PIPE, defuseFormulas: true })).toBe("'=1+1")
  })

  it('shows control characters on a terminal', () => {
    expect(csvField('\x1b[2J', { terminal: true })).toBe('\\x1b[2J')
  })
})
