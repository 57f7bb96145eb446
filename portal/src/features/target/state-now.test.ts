import { expect, test } from 'vitest'
import { stateAt } from './state-now'

const told = { state: 'OK', stateUntil: '2026-11-28T10:00:15Z', stateThen: 'STALE' } as const
const at = (time: string) => Date.parse(`2026-11-28T${time}Z`)

test('silence changes the state at the time that the hub said', () => {
  expect(stateAt(told, at('10:00:14'))).toBe('OK')
  expect(stateAt(told, at('10:00:15'))).toBe('STALE')
})

test('what silence cannot change stays', () => {
  expect(stateAt({ state: 'OFFLINE', stateUntil: null, stateThen: null }, at('10:05:00'))).toBe('OFFLINE')
})
