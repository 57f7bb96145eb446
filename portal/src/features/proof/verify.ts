// The proof of an event, looked into by this browser: each thing that has to be so, and whether it is.
import { canHash } from './bytes'
import { leafLines, organizationOf, type Proof, parseProof } from './checkpoint'
import { isSignedBy, isWhole, type Key, labelOf, type Signed } from './note'
import { type Way, way } from './tree'

export type Finding =
  | 'no_proof'
  | 'another_event'
  | 'another_organization'
  | 'another_root'
  | 'broken_key'
  | 'not_signed'
  | 'forged'

export const FINDINGS: Record<Finding, string> = {
  no_proof: 'What the hub sent is not a proof.',
  another_event: 'The proof is of another event than this one.',
  another_organization: 'The checkpoint is of the history of another organization than the key.',
  another_root: 'The way from the leaf leads to another root than the one that is signed.',
  broken_key: 'The key is not whole: its id does not follow from its name and bytes.',
  not_signed: 'The checkpoint has no signature by this key.',
  forged: 'The signature by this key is not of this checkpoint.',
}

export type Looked = {
  proof: Proof
  way: Way | undefined
  /** whose key verified the signature, or should have */
  key: Key | undefined
  /** nothing is, if all is as it has to be */
  found: Finding | undefined
  /** a part of it that this browser cannot look into */
  isOpen: boolean
}

/** Those of whoever sent the proof, or one that the viewer kept. */
type Keys = readonly Key[]

/** What the page shows of the event, apart from its payload: whose bytes it does not have. */
export type Shown = { id: string; type: string; actor?: string | null | undefined; recordedAt: string }

export async function look(file: string, event: Shown, keys: Keys): Promise<Looked | undefined> {
  const proof = parseProof(file)
  if (!proof) return undefined
  const { checkpoint, leaf, index, hashes } = proof
  const key =
    keys.find(({ name, id }) => checkpoint.note.signatures.some(one => labelOf(one) === labelOf({ name, id }))) ??
    keys[0]
  if (!canHash()) return { proof, way: undefined, key, found: undefined, isOpen: true }
  const found = await way(leaf, index, checkpoint.size, hashes, checkpoint.root)
  const signed = key && (await isSignedBy(checkpoint.note, key))
  return {
    proof,
    way: found,
    key,
    found: (await wrong(proof, event, found, key)) ?? (key ? SIGNED[signed ?? 'absent'] : 'not_signed'),
    isOpen: signed === 'unknown',
  }
}

const SIGNED: Record<Signed, Finding | undefined> = {
  good: undefined,
  unknown: undefined,
  forged: 'forged',
  absent: 'not_signed',
}

async function wrong(
  { checkpoint, leaf }: Proof,
  event: Shown,
  found: Way | undefined,
  key: Key | undefined,
): Promise<Finding | undefined> {
  const [said, organization] = [leafLines(leaf), organizationOf(checkpoint.origin)]
  if (!isOf(said, event)) return 'another_event'
  if (said.get('organization') !== organization) return 'another_organization'
  if (key && key.name !== `distr/${organization}`) return 'another_organization'
  if (!found?.isAtRoot) return 'another_root'
  return key && !(await isWhole(key)) ? 'broken_key' : undefined
}

/** A leaf of an access has neither type nor actor: they are in its payload. */
function isOf(said: ReadonlyMap<string, string>, { id, type, actor, recordedAt }: Shown): boolean {
  const isFact = said.get('distr') === 'fact v1'
  const isSame = isFact ? said.get('type') === type && said.get('actor') === actor : type === 'Access'
  return isSame && said.get('id') === id && Date.parse(said.get('recorded') ?? '') === Date.parse(recordedAt)
}
