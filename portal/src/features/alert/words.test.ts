import { expect, test } from 'vitest'
import { countWords, untilOf } from './words'

test('a time to come is whole minutes from now', () => {
  const now = Date.parse('2026-12-01T09:30:41.500Z')
  expect(untilOf('1 day', now)).toBe('2026-12-02T09:30:00Z')
  expect(untilOf('90 days', now)).toBe('2027-03-01T09:30:00Z')
})

test('a count that goes on says so', () => {
  expect([countWords(3, false), countWords(99, true)]).toEqual(['3', '99+'])
})
