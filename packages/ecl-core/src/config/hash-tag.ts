/**
 * The part of a name by which a Redis Cluster chooses the slot, and so the node, of all keys that begin with it: what
 * stands between the first `{` and the next `}`.
 *
 * @returns undefined where there is none, or nothing in it: then each key has a slot of its own, and no script can work
 */
export function hashTag(name: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(name)?.[1]
}

/** What is wrong with a group's name in a Redis Cluster, and the remedy; to follow `the name "…" `. */
export function hashTagProblem(name: string): string | undefined {
  if (hashTag(name) !== undefined) return undefined
  return `has no part in braces; in a Redis Cluster it needs one, so that all its keys are on one node: name the group "${taggedName(name)}", here and in every service`
}

/** The name that a group may have instead. */
export function taggedName(name: string): string {
  return `{${name.replace(/[{}]/g, '')}}`
}
