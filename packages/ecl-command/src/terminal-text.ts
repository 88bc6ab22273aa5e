import { visible } from 'ecl-core'
import { eastAsianWidth } from 'get-east-asian-width'

/** They take no room of their own: marks on the letter before, joiners, selectors. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u
/** They turn the direction of the text that follows, and with it what a table seems to say, or break its lines. */
const REORDERS = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const ASCII = /^[ -~]*$/

/** A name as a terminal may show it: what would drive it, or turn the text about, is written out. */
export function printable(name: string): string {
  return visible(name).replace(
    REORDERS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** How many columns a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const char of text) {
    if (!NO_WIDTH.test(char)) width += eastAsianWidth(char.codePointAt(0) ?? 0)
  }
  return width
}

/** Cuts a text to so many columns, with `…` where something is missing. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let width = 0
  let cut = ''
  for (const char of text) {
    width += widthOf(char)
    if (width > columns - 1) break
    cut += char
  }
  return columns > 0 ? `${cut}…` : ''
}

/** Fills up with spaces at the end. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** How many columns the widest of some texts takes. */
export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)
}
