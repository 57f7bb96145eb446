import { expect, test } from 'vitest'
import { sentence } from './sentences'

test('a fact is told as a sentence', () => {
  const data = { name: 'hello-2026', terms: { seats: 3 } }
  expect(sentence({ type: 'LicenseIssued', data })).toMatchObject({ verb: 'issued a license', about: 'hello-2026' })
})

test('a wish names the version', () => {
  const told = sentence({ type: 'DesiredReleaseSet', data: { generation: 1, desired: { version: '1.4.0' } } })
  expect(told).toMatchObject({ about: '1.4.0', isRefused: false })
})

test('a refusal is told with its reason', () => {
  const outcome = { outcome: 'refused', code: 'license.revoked', reason: 'the license is revoked' }
  const told = sentence({ type: 'Access', data: { action: 'pull', subject: 'hello:1.0.0', outcome } })
  expect(told).toMatchObject({
    verb: 'was refused: pull',
    about: 'hello:1.0.0',
    reason: 'the license is revoked',
    isRefused: true,
  })
})

test('each type of event has its sentence', () => {
  const golden = Object.keys(import.meta.glob('../../../../crates/domain/tests/golden/*.json'))
  const types = new Set(golden.map(file => file.split('/').at(-1)?.split('.')[0] ?? ''))
  expect(types.size).toBeGreaterThan(50)
  const untold = [...types].filter(type => sentence({ type, data: {} }).verb === type)
  expect(untold).toEqual([])
})

test('a type that nobody knows is told by its name', () => {
  expect(sentence({ type: 'SomethingNew', data: null }).verb).toBe('SomethingNew')
})

test('what is named by id is told by name, each thing once', () => {
  const [target, license] = ['00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-000000000008']
  const names = new Map([
    [target, 'factory of Globex'],
    [license, 'hello-2026'],
  ])
  const told = sentence({ type: 'LicenseSeatTaken', data: { target }, stream: `license-${license}` }, names)
  expect(told).toMatchObject({ verb: 'took a seat', where: 'hello-2026, factory of Globex' })
})
