import { expect, test } from 'vitest'
import { relative, span } from './time'

const now = Date.parse('2026-11-28T12:00:00Z')
const ago = (seconds: number) => relative(now - seconds * 1_000, now)

test('a near time is told as people say it', () => {
  expect(ago(1)).toBe('now')
  expect(ago(42)).toBe('42 s ago')
  expect(ago(59 * 60)).toBe('59 min ago')
  expect(ago(26 * 3_600)).toBe('1 day ago')
  expect(ago(-3 * 86_400)).toBe('in 3 days')
})

test('a far time is told as a date', () => {
  expect(ago(30 * 86_400)).toMatch(/2026/)
})

test('a span is rounded down', () => {
  expect(span(119_000)).toBe('1 min')
  expect(span(-5)).toBe('0 s')
})
