import { expect, test } from 'vitest'
import { downgradeArguments, downgradeFlags, isDowngrade } from './downgrade'

test('an older release than the one that runs is a downgrade', () => {
  expect(isDowngrade('1.10.0', '1.9.0')).toBe(true)
  expect(isDowngrade('1.9.0', '1.10.0')).toBe(false)
  expect(isDowngrade('1.9.0', '1.9.0')).toBe(false)
  expect(isDowngrade('1.9.0', '1.9.0-rc.1')).toBe(true)
})

test('where nothing is known to run nothing is a downgrade', () => {
  expect(isDowngrade(null, '1.0.0')).toBe(false)
  expect(isDowngrade('1.0.0', undefined)).toBe(false)
})

test('a reason goes with a downgrade alone', () => {
  expect(downgradeArguments(true, ' slow ')).toEqual({ allowDowngrade: true, reason: 'slow' })
  expect(downgradeArguments(false, 'slow')).toEqual({ allowDowngrade: false, reason: null })
  expect(downgradeFlags(false, 'slow')).toEqual([])
})
