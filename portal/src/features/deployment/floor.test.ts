import { expect, test } from 'vitest'
import { type Below, floorOf, floorWords, isMarked, nextFloor, standingWords } from './floor'

const published = { version: '1.3.0', status: 'PUBLISHED' } as const
const outdatedBy = { version: '2.0.0', reason: 'it mends a leak' }

test('a deployment is below the required release that the hub names', () => {
  const below: Below = { release: { ...published, outdatedBy } }
  expect(floorOf(below)).toEqual(outdatedBy)
  expect(floorWords(outdatedBy)).toBe('below 2.0.0, which is required: it mends a leak')
  expect(floorOf({ ...below, removal: 'KEEP' })).toBeUndefined()
  expect(floorOf({ release: published })).toBeUndefined()
})

test('what runs is below the required release that is only asked for', () => {
  const release = { version: '2.0.0', status: 'PUBLISHED', required: 'it mends a leak' } as const
  expect(floorOf({ release, runningVersion: '1.10.0' })).toEqual({ ...outdatedBy, isAskedFor: true })
  expect(floorOf({ release, runningVersion: '2.0.0' })).toBeUndefined()
  expect(floorOf({ release, runningVersion: null })).toBeUndefined()
  expect(floorOf({ release: { ...release, status: 'REVOKED' }, runningVersion: '1.10.0' })).toBeUndefined()
})

test('a release that should not be used says why', () => {
  const deprecated = { ...published, status: 'DEPRECATED', reason: 'old', deprecatedOn: '2030-01-01' } as const
  expect(standingWords(deprecated)).toBe('deprecated from 2030-01-01: old')
  expect(standingWords({ ...deprecated, deprecatedOn: null })).toBe('deprecated: old')
  expect(standingWords({ ...published, status: 'REVOKED', reason: 'it leaks' })).toBe('revoked: it leaks')
  expect(standingWords(published)).toBeUndefined()
  expect(isMarked({ release: deprecated })).toBe(true)
  expect(isMarked({ release: deprecated, removal: 'KEEP' })).toBe(false)
  expect(isMarked({ release: published })).toBe(false)
})

test('required releases come one after the other', () => {
  const step = (version: string, required?: string, status: 'PUBLISHED' | 'REVOKED' = 'PUBLISHED') => {
    return { version, status, required: required ?? null }
  }
  const releases = [step('2.0.0', 'leak'), step('1.10.0', 'data'), step('1.9.0', 'index', 'REVOKED'), step('1.4.0')]
  expect(nextFloor(releases, '1.3.0', outdatedBy)).toBe('1.10.0')
  expect(nextFloor(releases, '1.10.0', outdatedBy)).toBe('2.0.0')
  expect(nextFloor(releases, undefined, outdatedBy)).toBe('2.0.0')
  expect(nextFloor([], '1.3.0', outdatedBy)).toBe('2.0.0')
})
