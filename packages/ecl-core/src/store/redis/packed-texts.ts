import { type Batch, sumCounts } from '../../batch.ts'

/**
 * Lists for scripts, as one argument each: an array in JSON, which the script takes apart. A client and Redis' parser
 * take several times as long for as many arguments of their own.
 */

/** How JSON.stringify writes half of a surrogate pair, and how a backslash before a "u" looks, which does not matter. */
const LONE_SURROGATE = /\\ud[89a-f]/

/**
 * A list of names. Half of a surrogate pair, which UTF-8 has no bytes for, becomes U+FFFD, as it does wherever a name is
 * written to Redis; the script's parser would refuse it.
 */
export function packTexts(texts: readonly string[]): string {
  const packed = JSON.stringify(texts)
  if (!LONE_SURROGATE.test(packed)) return packed
  return JSON.stringify(texts.map((text) => text.toWellFormed()))
}

/** Counts as three arguments: the events, their counts as texts, as a number of Lua's is exact up to 2^53 only, and their sum. */
export function packCounts(counts: Batch['counts']): [events: string, counts: string, sum: string] {
  const events = packTexts(counts.map(([event]) => event))
  const texts = JSON.stringify(counts.map(([, count]) => String(count)))
  return [events, texts, String(sumCounts(counts))]
}
