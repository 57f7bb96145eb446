// A text with signatures below it (C2SP's signed-note), and the keys that make them. Ed25519 alone.
import { areEqual, fromBase64, joined, sha256, toHex } from './bytes'

const ED25519 = 1
const MARK = '— '
const MOST_SIGNATURES = 16
const utf8 = new TextEncoder()

export type Note = {
  /** ends with a line break */
  text: string
  signatures: { name: string; id: Uint8Array; bytes: Uint8Array<ArrayBuffer> }[]
}

export type Key = { name: string; id: Uint8Array; public: Uint8Array<ArrayBuffer> }

export type Signed =
  | 'good'
  /** a signature says that it is by the key, and is not of this text */
  | 'forged'
  /** no signature is by the key */
  | 'absent'
  /** the browser does not know Ed25519 */
  | 'unknown'

export function parseNote(note: string): Note | undefined {
  const at = note.lastIndexOf('\n\n')
  const [text, below] = [note.slice(0, at + 1), note.slice(at + 2)]
  if (at < 0 || below === '' || !below.endsWith('\n')) return undefined
  const lines = below.slice(0, -1).split('\n')
  const signatures = lines.map(signature)
  const areAll = lines.length <= MOST_SIGNATURES && signatures.every(one => one !== undefined)
  return areAll ? { text, signatures } : undefined
}

function signature(line: string): Note['signatures'][number] | undefined {
  const [name, text, ...rest] = line.startsWith(MARK) ? line.slice(MARK.length).split(' ') : []
  const bytes = text === undefined ? undefined : fromBase64(text)
  if (!name || !bytes || bytes.length < 5 || rest.length > 0) return undefined
  return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) }
}

/** `NAME+ID+KEY`, as `distr audit key` prints it. */
export function parseKey(text: string): Key | undefined {
  const [, name = '', id = '', key = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? []
  const [kind, ...bytes] = fromBase64(key) ?? []
  if (kind !== ED25519 || bytes.length !== 32) return undefined
  const pairs = id.match(/../g) ?? []
  return { name, id: Uint8Array.from(pairs, pair => Number.parseInt(pair, 16)), public: Uint8Array.from(bytes) }
}

export const labelOf = ({ name, id }: Pick<Key, 'name' | 'id'>) => `${name}+${toHex(id)}`

/** A key's id follows from its name and its bytes; one that does not was changed or cut. */
export async function isWhole(key: Key): Promise<boolean> {
  const hash = await sha256(utf8.encode(`${key.name}\n`), Uint8Array.of(ED25519), key.public)
  return areEqual(hash.slice(0, 4), key.id)
}

/** Signatures of others are passed over. */
export async function isSignedBy({ text, signatures }: Note, key: Key): Promise<Signed> {
  const found = signatures.find(({ name, id }) => name === key.name && areEqual(id, key.id))
  if (!found) return 'absent'
  const imported = await crypto.subtle.importKey('raw', key.public, 'Ed25519', false, ['verify']).catch(() => undefined)
  if (!imported) return 'unknown'
  const isGood = await crypto.subtle.verify('Ed25519', imported, found.bytes, joined(utf8.encode(text)))
  return isGood ? 'good' : 'forged'
}
