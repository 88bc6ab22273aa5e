import { expect, test } from '@jest/globals'
import { packCounts, packTexts } from './packed-texts.ts'

test('a list of names is an array in JSON', () => {
  expect(JSON.parse(packTexts(['hit', 'GET /"x"\\ud', 'žluťoučký 🐎']))).toEqual([
    ...['hit', 'GET /"x"\\ud', 'žluťoučký 🐎'],
  ])
})

test('half of a surrogate pair becomes the sign for what is none, as in UTF-8', () => {
  const half = '\ud83d'
  expect(packTexts([`a${half}`, '\\ud83d'])).toBe(JSON.stringify(['a\ufffd', '\\ud83d']))
  expect(Buffer.from(`a${half}`).toString()).toBe('a\ufffd')
})

test('counts are texts, so that one beyond the safe integers stays exact', () => {
  const counts = [
    ['hit', 7],
    ['huge', 9_007_199_254_740_993n],
  ] as const
  expect(packCounts(counts)).toEqual([
    ...['["hit","huge"]', '["7","9007199254740993"]', '9007199254741000'],
  ])
})
