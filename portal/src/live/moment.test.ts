import { expect, test } from 'vitest'
import { atOf, instantText, momentOf, readAt } from './moment'

test('a moment is a time with its zone, or a position', () => {
  expect(momentOf('42')).toEqual({ kind: 'position', position: '42' })
  const at = Date.UTC(2026, 10, 1, 12)
  for (const text of [
    '2026-11-01T12:00:00Z',
    '2026-11-01T13:00:00+01:00',
    '2026-11-01T12:00Z',
    '2026-11-01T12:00:00.000Z',
  ]) {
    expect(momentOf(text)).toEqual({ kind: 'time', at })
  }
  for (const text of ['', 'yesterday', '2026-11-01', '2026-11-01T12:00:00', '-1', '1.5', '2026-99-99T12:00:00Z']) {
    expect(momentOf(text)).toEqual({ kind: 'unknown' })
  }
})

test('an address names a moment or none, and what it names is the hub’s to judge', () => {
  expect(readAt({ at: 42 })).toEqual({ at: 42 })
  expect(readAt({ at: ' yesterday ' })).toEqual({ at: 'yesterday' })
  for (const at of [undefined, '', ' ', null, ['1'], true]) expect(readAt({ at })).toEqual({})
  expect(readAt({ at: 'x'.repeat(200) }).at).toHaveLength(80)
})

test('a position is a number in the address while numbers are exact', () => {
  expect(atOf('42')).toBe(42)
  expect(atOf('18446744073709551615')).toBe('18446744073709551615')
  expect(atOf('2026-11-01T12:00:00Z')).toBe('2026-11-01T12:00:00Z')
})

test('an instant is told without parts of a second that nobody chose', () => {
  expect(instantText(Date.UTC(2026, 10, 1, 12))).toBe('2026-11-01T12:00:00Z')
  expect(instantText(Date.UTC(2026, 10, 1, 12) + 7)).toBe('2026-11-01T12:00:00.007Z')
})
