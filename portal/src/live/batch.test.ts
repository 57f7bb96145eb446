import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batch } from './batch'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('of each thing the newest is handed on, together', () => {
  const taken: number[][] = []
  const news = batch<number>(500, items => taken.push(items))
  news.add('a', 1)
  news.add('b', 2)
  news.add('a', 3)
  vi.advanceTimersByTime(499)
  expect(taken).toEqual([])
  vi.advanceTimersByTime(1)
  expect(taken).toEqual([[3, 2]])
  news.add('a', 4)
  vi.advanceTimersByTime(500)
  expect(taken).toEqual([[3, 2], [4]])
})

test('an ended batch hands on nothing', () => {
  const taken: number[][] = []
  const news = batch<number>(500, items => taken.push(items))
  news.add('a', 1)
  news.end()
  vi.advanceTimersByTime(1_000)
  expect(taken).toEqual([])
})
