import { expect, test } from 'vitest'
import { endOf } from '../token/expiry'
import { programOf } from './program'

test('a browser is told by its name and its system', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36'
  expect(programOf(chrome)).toBe('Chrome on Linux')
  expect(programOf(`${chrome} Edg/148.0`)).toBe('Edge on Linux')
  expect(programOf('distr/0.2.0')).toBe('distr/0.2.0')
  expect(programOf(null)).toBe('a program without a name')
})

test('a day counts to its end', () => {
  expect(endOf('2026-12-31')).toBe('2027-01-01T00:00:00.000Z')
  expect(endOf('')).toBeNull()
})
