import { describe, expect, it } from '@jest/globals'
import { resolvePlainScalar } from './plain-scalar.ts'

// The right column is what yaml.safe_load of PyYAML 6.0.3 gives, but for 1e3 and +.5, which it takes for text.
describe('resolvePlainScalar', () => {
  it.each([
    ['', null],
    ['~', null],
    ['Null', null],
    ['nULL', 'nULL'],
    ['yes', true],
    ['On', true],
    ['TRUE', true],
    ['no', false],
    ['off', false],
    ['y', 'y'],
    ['N', 'N'],
    ['tRue', 'tRue'],
    ['0', 0],
    ['-0', -0],
    ['6379', 6379],
    ['+1', 1],
    ['-17', -17],
    ['1_000', 1000],
    ['010', 8],
    ['08', '08'],
    ['0:30', '0:30'],
    ['190:20:30', 685230],
    ['0_1', 1],
    ['09.5', 9.5],
    ['+.5', 0.5],
    ['1:99', '1:99'],
    ['0o17', '0o17'],
    ['0x1F', 31],
    ['-0b101', -5],
    ['1:30', 90],
    ['1:30.5', 90.5],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1.', 1],
    ['1.5e+3', 1500],
    ['1e3', 1000],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.INF', Number.NEGATIVE_INFINITY],
    ['.nan', Number.NaN],
    ['.', '.'],
    ['-', '-'],
    ['5s', '5s'],
    ['1.2.3', '1.2.3'],
    ['2020-01-01', '2020-01-01'],
  ])('takes %j for %j', (text, value) => {
    expect(resolvePlainScalar(text)).toBe(value)
  })
})
