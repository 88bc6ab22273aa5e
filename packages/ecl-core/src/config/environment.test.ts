import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { markVariables, substitute } from './environment.ts'

const env = { NAME: 'value', EMPTY: '', BRACES: '${NAME}' }

function textOf(source: string): string {
  const { text, problems } = substitute(source, env)
  expect(problems).toEqual([])
  return text
}

describe('substitute', () => {
  it.each([
    ['plain', 'plain'],
    ['$NAME and $$', '$NAME and $$'],
    ['a ${NAME} b', 'a value b'],
    ['${NAME}${NAME}', 'valuevalue'],
    ['${NAME:-x}', 'value'],
    ['${MISSING:-x y:#}', 'x y:#'],
    ['${MISSING:-}', ''],
    ['${EMPTY}', ''],
    ['${EMPTY:-x}', 'x'],
    ['$${NAME}', '${NAME}'],
    ['$${', '${'],
    ['${BRACES}', '${NAME}'],
  ])('makes %j to %j', (source, text) => {
    expect(textOf(source)).toBe(text)
  })

  it.each([
    [
      '${MISSING}',
      'the environment variable MISSING is not set; set it, or write ${MISSING:-default}',
    ],
    [
      '${',
      'holds "${" that begins no variable; write ${NAME} or ${NAME:-default}, or $${ for a literal "${"',
    ],
    [
      '${a b}',
      'holds "${" that begins no variable; write ${NAME} or ${NAME:-default}, or $${ for a literal "${"',
    ],
    ['${A:-${NAME}}', 'has a variable within the default of A; a default is plain text'],
  ])('says what is wrong with %j', (source, problem) => {
    expect(substitute(source, env).problems).toEqual([problem])
  })

  it('does not take what every object has for a variable', () => {
    expect(substitute('${constructor}', env).problems).toHaveLength(1)
  })

  it('tells whether variables were in it, which may be secrets', () => {
    expect(substitute('$${NAME}', env).hasVariables).toBe(false)
    expect(substitute('${NAME}', env).hasVariables).toBe(true)
  })

  it('leaves every text alone that holds no "${"', () => {
    const plain = fc.string({ unit: 'binary' }).filter((text) => !text.includes('${'))
    fc.assert(fc.property(plain, (text) => substitute(text, env).text === text))
  })
})

describe('markVariables', () => {
  it('can put back what it marked, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('${NAME}', '${A:-b c}', '$${X}', '${', '}', '\n', '\uE0000\uE001'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const source = pieces.join('')
        const marked = markVariables(source)
        expect(marked.restore(marked.text)).toBe(source)
        expect(marked.text.split('\n')).toHaveLength(source.split('\n').length)
      }),
    )
  })

  it('leaves no brace of a variable for YAML to find', () => {
    expect(markVariables('[${A}, ${B:-c: d #}]').text).not.toMatch(/[{}$:#]/)
  })
})
