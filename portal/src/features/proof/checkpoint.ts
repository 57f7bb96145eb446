// A signed root (C2SP's tlog-checkpoint), and a proof that rests on one (C2SP's tlog-proof).
import { fromBase64 } from './bytes'
import { type Note, parseNote } from './note'

const HEADER = 'c2sp.org/tlog-proof@v1'
const MOST_HASHES = 63
const HASH = 32

export type Checkpoint = { origin: string; size: number; root: Uint8Array; note: Note }
export type Proof = { leaf: Uint8Array; index: number; hashes: Uint8Array[]; checkpoint: Checkpoint }

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text)
  return Number.isSafeInteger(number) && number >= 0 && String(number) === text ? number : undefined
}

function hashOf(text: string | undefined): Uint8Array | undefined {
  const bytes = text === undefined ? undefined : fromBase64(text)
  return bytes?.length === HASH ? bytes : undefined
}

export function parseCheckpoint(text: string): Checkpoint | undefined {
  const note = parseNote(text)
  const [origin, size, root] = note?.text.split('\n') ?? []
  const [leaves, hash] = [numberOf(size), hashOf(root)]
  if (!note || !origin || leaves === undefined || !hash) return undefined
  return { origin, size: leaves, root: hash, note }
}

export function parseProof(file: string): Proof | undefined {
  const at = file.indexOf('\n\n')
  if (at < 0) return undefined
  const [header, extra, place, ...lines] = file.slice(0, at).split('\n')
  const leaf = extra?.startsWith('extra ') ? fromBase64(extra.slice('extra '.length)) : undefined
  const index = place?.startsWith('index ') ? numberOf(place.slice('index '.length)) : undefined
  const hashes = lines.map(hashOf)
  const checkpoint = parseCheckpoint(file.slice(at + 2))
  if (header !== HEADER || !leaf || index === undefined || !checkpoint) return undefined
  if (hashes.length > MOST_HASHES || !hashes.every(hash => hash !== undefined)) return undefined
  return { leaf, index, hashes, checkpoint }
}

/** What a leaf says, line by line. */
export function leafLines(leaf: Uint8Array): ReadonlyMap<string, string> {
  const lines = new TextDecoder().decode(leaf).split('\n').filter(Boolean)
  return new Map(
    lines.map(line => {
      const at = line.indexOf(' ')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** The id of the organization whose history it says it is of. */
export function organizationOf(origin: string): string | undefined {
  return /^distr\/([0-9a-f-]{36})\//.exec(origin)?.[1]
}
