import { expect, test } from 'vitest'
import { localText, momentOfLocal } from './local'

const AT = Date.UTC(2026, 10, 1, 12, 34, 56)

test('a time goes into a field and comes out as the same', () => {
  for (const zone of ['viewer', 'utc'] as const) {
    expect(momentOfLocal(localText(AT, zone), zone)).toBe('2026-11-01T12:34:56Z')
  }
  expect(localText(AT, 'utc')).toBe('2026-11-01T12:34:56')
})

test('a field without a time is no moment', () => {
  expect(momentOfLocal('', 'viewer')).toBeUndefined()
  expect(momentOfLocal('soon', 'utc')).toBeUndefined()
})
