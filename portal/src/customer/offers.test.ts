import { expect, test } from 'vitest'
import { newestOf, type Offered, updateOf } from './offers'

const release = (version: string, status = 'PUBLISHED', withheld: string | null = null) => ({
  id: version,
  version,
  status,
  withheld,
})
const hello = {
  id: 'hello',
  name: 'hello',
  releases: {
    nodes: [release('2.0.0', 'PUBLISHED', 'versions'), release('1.4.0'), release('1.3.0'), release('1.1.0', 'REVOKED')],
  },
} as unknown as Offered

test('the newest release is the newest that a license opens', () => {
  expect(newestOf(hello)?.version).toBe('1.4.0')
  expect(newestOf(undefined)).toBeUndefined()
})

test('an update is newer than what is asked for', () => {
  expect(updateOf(hello, '1.3.0')?.version).toBe('1.4.0')
  expect(updateOf(hello, '1.4.0')).toBeUndefined()
  expect(updateOf(hello, '2.0.0')).toBeUndefined()
  expect(updateOf(hello, '0.9.0')?.version).toBe('1.4.0')
})
