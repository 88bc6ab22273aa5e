import type { Page } from './format.ts'

/** Makes a text stand back, where there are colours. */
export function dim(text: string, { colour }: Pick<Page, 'colour'>): string {
  return colour && text !== '' ? `\u001b[2m${text}\u001b[22m` : text
}

/** Makes a curve stand out, where there are colours. */
export function cyan(text: string, { colour }: Pick<Page, 'colour'>): string {
  return colour && text !== '' ? `\u001b[36m${text}\u001b[39m` : text
}
