// The way from a leaf to the root of a tree (RFC 6962): at each step the hash so far and the one beside it make the one above.
import { areEqual, sha256 } from './bytes'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export type Step = {
  /** where the hash stands that the proof brings */
  side: 'left' | 'right'
  beside: Uint8Array
  /** what both make */
  above: Uint8Array
}

export type Way = {
  leaf: Uint8Array
  steps: Step[]
  /** the last step is at the top of the tree, and has its root */
  isAtRoot: boolean
}

export function hashOfLeaf(leaf: Uint8Array): Promise<Uint8Array> {
  return sha256(LEAF, leaf)
}

/** Of the leaf at the index, in a tree of so many leaves. Nothing, if no such tree has a way of this length from there. */
export async function way(
  leaf: Uint8Array,
  index: number,
  size: number,
  hashes: Uint8Array[],
  root: Uint8Array,
): Promise<Way | undefined> {
  if (index >= size) return undefined
  // the place of the node on the way, and of the last one, among those of its level
  let [at, last] = [index, size - 1]
  let hash = await hashOfLeaf(leaf)
  const found: Way = { leaf: hash, steps: [], isAtRoot: false }
  for (const beside of hashes) {
    if (last === 0) return undefined
    const side = at % 2 === 1 || at === last ? 'left' : 'right'
    hash = await (side === 'left' ? sha256(NODE, beside, hash) : sha256(NODE, hash, beside))
    found.steps.push({ side, beside, above: hash })
    // the last node of a level has none beside it where its number is even: it is the same one level up
    while (side === 'left' && at % 2 === 0 && at > 0) [at, last] = [half(at), half(last)]
    ;[at, last] = [half(at), half(last)]
  }
  found.isAtRoot = last === 0 && areEqual(hash, root)
  return found
}

const half = (number: number) => Math.floor(number / 2)
