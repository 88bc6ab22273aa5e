import { describe, expect, it } from '@jest/globals'
import { BEGIN, END, replaceMeasured } from './document.ts'

describe('a document with a measured part', () => {
  it('keeps all that stands around it', () => {
    const document = `# Title\n\n${BEGIN}\nold\n${END}\n\nProse.\n`
    const again = replaceMeasured(document, '| a |')
    expect(again).toBe(`# Title\n\n${BEGIN}\n\n| a |\n\n${END}\n\nProse.\n`)
    expect(replaceMeasured(again, '| a |')).toBe(again)
  })

  it.each(['none', BEGIN, END, `${END} ${BEGIN}`, `${BEGIN} ${END} ${BEGIN} ${END}`])(
    'is refused with the markers of "%s"',
    (document) => {
      expect(() => replaceMeasured(document, 'x')).toThrow('needs one')
    },
  )
})
