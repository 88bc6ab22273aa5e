import { describe, expect, it } from '@jest/globals'
import { Screen } from './screen.ts'

function screenOn(isTTY: boolean, env: Record<string, string>) {
  const written: string[] = []
  const out = { isTTY, columns: 20, write: (text: string) => written.push(text) > 0 }
  return { screen: new Screen(out, env), written }
}

describe('Screen', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
    ['no terminal', false, {}, false],
  ])('colours on %s: %#', (_, isTTY, env, coloured) => {
    const { screen } = screenOn(isTTY, env)
    expect(screen.paint.good('x') !== 'x').toBe(coloured)
  })

  it('keeps one line on a terminal that says what is awaited, cut to its width', () => {
    const { screen, written } = screenOn(true, { NO_COLOR: '1' })
    screen.status('a window that ends in 3 s')
    screen.print('error:3')
    expect(written).toEqual([
      '\r\u001b[Ka window that ends ',
      '\r\u001b[K',
      'error:3\n',
      '\r\u001b[Ka window that ends ',
    ])
  })

  it('writes no control characters where there is no terminal, and is not chatty', () => {
    const { screen, written } = screenOn(false, {})
    screen.print('a')
    screen.status('b')
    screen.print('c')
    screen.clear()
    expect(written).toEqual(['a\n', 'c\n'])
  })
})
