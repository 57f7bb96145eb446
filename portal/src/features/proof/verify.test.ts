// Proofs that a hub made, and what somebody might make of them.
import { afterEach, expect, test, vi } from 'vitest'
import { fromBase64, toBase64, toHex } from './bytes'
import { parseCheckpoint, parseProof } from './checkpoint'
import { isSignedBy, isWhole, type Key, labelOf, parseKey } from './note'
import { hashOfLeaf, way } from './tree'
import vectors from './vectors.json' with { type: 'json' }
import { look } from './verify'

const key = parseKey(vectors.key) as Key
const [first] = vectors.proofs
const proof = (of = first) => of as (typeof vectors.proofs)[number]

afterEach(() => vi.unstubAllGlobals())

test('each proof of a hub leads from its leaf to the root that is signed', async () => {
  const sizes = new Set<number>()
  for (const { event, file } of vectors.proofs) {
    const looked = await look(file, event, [key])
    expect(looked?.found).toBeUndefined()
    expect(looked?.isOpen).toBe(false)
    expect(looked?.way?.isAtRoot).toBe(true)
    expect(looked?.way?.steps.length).toBe(looked?.proof.hashes.length)
    sizes.add(looked?.proof.checkpoint.size ?? 0)
  }
  expect(sizes.size).toBeGreaterThan(1)
})

test('a proof is of one event, of one organization', async () => {
  const { event, file } = proof()
  const other = proof(vectors.proofs[1])
  expect((await look(file, other.event, [key]))?.found).toBe('another_event')
  for (const part of [
    { type: 'LicenseRevoked' },
    { actor: 'policy:observation' },
    { recordedAt: '2026-12-02T08:26:14.000Z' },
  ]) {
    expect((await look(file, { ...event, ...part }, [key]))?.found).toBe('another_event')
  }
  const stranger = { ...key, name: key.name.replace(/\d/g, '0') }
  expect((await look(file, event, [stranger]))?.found).toBe('another_organization')
})

test('a leaf that was changed leads to another root', async () => {
  const { event, file } = proof()
  const leaf = new TextDecoder().decode(parseProof(file)?.leaf)
  const changed = toBase64(new TextEncoder().encode(leaf.replace(/\nrevision \d+/, '\nrevision 77')))
  const forged = file.replace(/\nextra .*/, `\nextra ${changed}`)
  expect(forged).not.toBe(file)
  expect((await look(forged, event, [key]))?.found).toBe('another_root')
})

test('another place, another hash, and one hash more or less lead to no root that is signed', async () => {
  const { event, file } = proof(vectors.proofs[1])
  const lines = file.split('\n')
  const swapped = [...lines]
  ;[swapped[3], swapped[4]] = [lines[4] ?? '', lines[3] ?? '']
  const tampered = [
    file.replace('\nindex 11\n', '\nindex 12\n'),
    file.replace('\nindex 11\n', '\nindex 11000\n'),
    swapped.join('\n'),
    lines.toSpliced(3, 1).join('\n'),
    lines.toSpliced(3, 0, lines[3] ?? '').join('\n'),
  ]
  for (const one of tampered) expect((await look(one, event, [key]))?.found).toBe('another_root')
})

test('a root that nobody signed does not count, nor one that another key signed', async () => {
  const { event, file } = proof()
  const other = { ...key, public: key.public.map(byte => byte ^ 1) }
  expect((await look(file, event, [other]))?.found).toBe('broken_key')
  expect((await look(file, event, []))?.found).toBe('not_signed')
  const checkpoint = parseProof(file)?.checkpoint
  const note = checkpoint?.note ?? { text: '', signatures: [] }
  expect(await isSignedBy(note, key)).toBe('good')
  expect(await isSignedBy({ ...note, text: note.text.replace('distr', 'Distr') }, key)).toBe('forged')
  expect(await isSignedBy({ ...note, signatures: [] }, key)).toBe('absent')
})

test('what is no proof, no checkpoint or no key is none', async () => {
  const { event, file } = proof()
  for (const one of ['', 'index 1', file.replace('v1', 'v2'), file.replace('index ', 'index 0'), file.trimEnd()]) {
    expect(await look(one, event, [key])).toBeUndefined()
  }
  expect(parseCheckpoint('distr/a\n1\nAAAA\n\n— a AAAA\n')).toBeUndefined()
  for (const text of ['', 'a+b', vectors.key.slice(0, -1), vectors.key.replace('+', ' ')]) {
    expect(parseKey(text)).toBeUndefined()
  }
  expect(await isWhole(key)).toBe(true)
  expect(await isWhole({ ...key, name: 'distr/another' })).toBe(false)
  expect(labelOf(key)).toBe(vectors.key.slice(0, vectors.key.lastIndexOf('+')))
})

test('a browser that cannot hash has verified nothing, and says so', async () => {
  vi.stubGlobal('crypto', undefined)
  const { event, file } = proof()
  const looked = await look(file, event, [key])
  expect([looked?.isOpen, looked?.found, looked?.way]).toEqual([true, undefined, undefined])
})

test('a browser that does not know Ed25519 leaves the signature open, and finds what else is wrong', async () => {
  const { subtle } = crypto
  vi.stubGlobal('crypto', {
    subtle: { digest: subtle.digest.bind(subtle), importKey: () => Promise.reject(new Error('unknown')) },
  })
  const { event, file } = proof()
  const looked = await look(file, event, [key])
  expect([looked?.isOpen, looked?.found, looked?.way?.isAtRoot]).toEqual([true, undefined, true])
  const wrong = await look(file.replace('\nindex 0\n', '\nindex 1\n'), event, [key])
  expect(wrong?.found).toBe('another_root')
})

test('trees are hashed as the standard says', async () => {
  // of a tree with one leaf the root is the leaf's hash; test vectors of RFC 6962's reference implementation
  const empty = await hashOfLeaf(new Uint8Array())
  expect(toHex(empty)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  expect((await way(new Uint8Array(), 0, 1, [], empty))?.isAtRoot).toBe(true)
  expect(await way(new Uint8Array(), 1, 1, [], empty)).toBeUndefined()
  expect(await way(new Uint8Array(), 0, 1, [empty], empty)).toBeUndefined()
})

test('base64 has one way to be written', () => {
  expect(fromBase64('AAE=')).toEqual(Uint8Array.of(0, 1))
  for (const text of ['AAE', 'AAF=', 'A AE=', '*']) expect(fromBase64(text)).toBeUndefined()
})
