import { expect, test } from 'vitest'
import { bytesWords } from './bytes'

test('a size is told in the unit that fits it', () => {
  expect(bytesWords(0)).toBe('0 B')
  expect(bytesWords(999)).toBe('999 B')
  expect(bytesWords(1_500)).toBe('1.5 kB')
  expect(bytesWords(41_000_000)).toBe('41 MB')
  expect(bytesWords(2_000_000_000)).toBe('2.0 GB')
})
