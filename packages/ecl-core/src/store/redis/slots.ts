import { hashTag } from '../../config/hash-tag.ts'
import { formatNodeAddress, type NodeAddress, nodeAddress } from '../../config/node-address.ts'

/** Redis itself advises against more. A peer that names one for each slot would be asked each of them. */
const MOST_NODES = 1000

/** How many slots a Redis Cluster has. */
export const SLOTS = 16_384

/** Slots that follow each other and are on one node. */
export interface SlotRange {
  readonly first: number
  readonly last: number
  readonly primary: NodeAddress
  readonly replicas: readonly NodeAddress[]
}

/** The slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it. */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(hashTag(key) ?? key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc % SLOTS
}

/**
 * Reads the reply to CLUSTER SLOTS.
 *
 * @param asked the node that replied: one that does not know its own name leaves it out
 * @throws Error for a reply of another shape
 */
export function parseSlots(reply: unknown, asked: NodeAddress): SlotRange[] {
  if (!Array.isArray(reply)) throw new Error('unexpected reply to CLUSTER SLOTS')
  const ranges = reply.map((entry: unknown) => {
    const [first, last, ...nodes]: unknown[] = Array.isArray(entry) ? entry : []
    const [primary, ...replicas] = nodes.map((node) => parseNode(node, asked))
    if (typeof first !== 'number' || typeof last !== 'number' || primary === undefined) {
      throw new Error('unexpected reply to CLUSTER SLOTS')
    }
    return { first, last, primary, replicas }
  })
  const nodes = ranges.flatMap(({ primary, replicas }) => [primary, ...replicas])
  const names = new Set(nodes.map(formatNodeAddress))
  if (names.size > MOST_NODES) {
    throw new Error(
      `unexpected reply to CLUSTER SLOTS: ${names.size} nodes, where at most ${MOST_NODES} are expected`,
    )
  }
  return ranges
}

/**
 * Reads the reply to CLUSTER NODES.
 *
 * @returns the highest config epoch, which grows with each failover; 0 for a reply of another shape
 */
export function latestEpochOf(reply: unknown): number {
  if (typeof reply !== 'string') return 0
  const epochs = reply.split('\n').map((line) => Number(line.split(' ')[6] ?? 0))
  return epochs.reduce((latest, epoch) => (epoch > latest ? epoch : latest), 0)
}

function parseNode(node: unknown, asked: NodeAddress): NodeAddress {
  const [host, port]: unknown[] = Array.isArray(node) ? node : []
  const known = typeof host === 'string' && host !== '' && host !== '?'
  const address = nodeAddress(known ? host : asked.host, port)
  if (address === undefined) throw new Error('unexpected reply to CLUSTER SLOTS')
  return address
}

/** What a node says that does not serve a slot, or not now. */
export type Redirection =
  /** Another node serves it. */
  | { readonly kind: 'moved'; readonly slot: number; readonly to: NodeAddress }
  /** It is on its way to another node, or nobody serves it: to be tried again. */
  | { readonly kind: 'later'; readonly message: string }

/**
 * Reads an error of a cluster's node.
 *
 * @returns undefined for an error of another kind
 */
export function parseRedirection(error: Error, asked: NodeAddress): Redirection | undefined {
  const { message } = error
  const moved = /^MOVED (\d+) (.*):(\d+)/.exec(message)
  if (moved) {
    const [, slot, host = '', port] = moved
    const to = nodeAddress(host === '' || host === '?' ? asked.host : host, port)
    return to && { kind: 'moved', slot: Number(slot), to }
  }
  // Within a script, Redis and Valkey have other words for what ASK, TRYAGAIN and CLUSTERDOWN are outside of it.
  const later =
    /^(ASK|TRYAGAIN|CLUSTERDOWN) |non local key|during rehashing of the slot|a slot not served/.test(
      message,
    )
  return later ? { kind: 'later', message } : undefined
}
