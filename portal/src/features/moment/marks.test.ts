import { expect, test } from 'vitest'
import { type Mark, markAt, passed, stepped, ticks, timeOf } from './marks'

const marks: Mark[] = [
  { at: 1_000, moment: '10', words: 'registered' },
  { at: 2_000, moment: '20', words: 'enrolled' },
  { at: 2_000, moment: '21', words: 'asked for a release' },
  { at: 9_000, moment: '90', words: 'retired' },
]
const iso = (at: number) => new Date(at).toISOString()
const words = (mark: Mark | undefined) => mark?.words ?? 'now'

test('marks have come by a moment or not', () => {
  expect(passed(marks, undefined)).toBe(4)
  expect(passed(marks, '9')).toBe(0)
  expect(passed(marks, '20')).toBe(2)
  expect(passed(marks, '50')).toBe(3)
  expect(passed(marks, iso(2_000))).toBe(3)
  expect(passed(marks, iso(999))).toBe(0)
})

test('steps lead from fact to fact, also where two are at one time', () => {
  expect(words(stepped(marks, '10', 1))).toBe('enrolled')
  expect(words(stepped(marks, '20', 1))).toBe('asked for a release')
  expect(words(stepped(marks, '21', 1))).toBe('retired')
  expect(words(stepped(marks, '90', 1))).toBe('now')
  expect(words(stepped(marks, undefined, -1))).toBe('retired')
  expect(words(stepped(marks, '21', -1))).toBe('enrolled')
  expect(words(stepped(marks, '10', -1))).toBe('registered')
})

test('between two facts the first step back leads to the earlier of them', () => {
  expect(words(stepped(marks, '50', -1))).toBe('asked for a release')
  expect(words(stepped(marks, '50', 1))).toBe('retired')
  expect(words(stepped(marks, iso(5_000), -1))).toBe('asked for a release')
  expect(words(stepped(marks, '5', 1))).toBe('registered')
})

test('long steps end where the life does', () => {
  expect(words(stepped(marks, '21', -10))).toBe('registered')
  expect(words(stepped(marks, '21', 10))).toBe('now')
  expect(stepped([], '21', 1)).toBeUndefined()
})

test('a moment has its place between the first fact and now', () => {
  expect(timeOf(marks, undefined, 1_000, 10_000)).toBe(10_000)
  expect(timeOf(marks, '50', 1_000, 10_000)).toBe(2_000)
  expect(timeOf(marks, '5', 1_000, 10_000)).toBe(1_000)
  expect(timeOf(marks, iso(20_000), 1_000, 10_000)).toBe(10_000)
  expect(ticks(marks, 1_000, 9_000)).toEqual([0, 0.125, 1])
})

test('a time alone is rounded up to a second', () => {
  expect(markAt('2026-11-01T12:00:00.001Z', 'x').moment).toBe('2026-11-01T12:00:01Z')
  expect(markAt('2026-11-01T12:00:00Z', 'x').moment).toBe('2026-11-01T12:00:00Z')
})
