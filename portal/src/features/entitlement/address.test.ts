import { expect, test } from 'vitest'
import { nameOf, readAsked } from './address'

test('an address asks for a customer, a repository and a reference, or for less', () => {
  const asked = { customer: 'globex', repository: 'team/hello', reference: '1.0.0' }
  expect(readAsked({ ...asked, other: 'x' })).toEqual(asked)
  expect(readAsked({ customer: ' ', repository: ['x'], reference: 7 })).toEqual({ reference: '7' })
})

test('an artifact is named by its tag or by its digest', () => {
  expect(nameOf('hello', '1.0.0')).toBe('hello:1.0.0')
  expect(nameOf('hello', 'sha256:ab')).toBe('hello@sha256:ab')
})
