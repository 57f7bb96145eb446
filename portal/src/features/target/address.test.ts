import { expect, test } from 'vitest'
import { filterOf, isFiltered, orderOf, readFleet, sorted } from './address'

test('an address says which targets are shown', () => {
  const address = readFleet({ state: ['FAILED', 'OK', 'BROKEN'], app: 'hello', q: ' fac ', page: 3 })
  expect(address).toEqual({ state: ['FAILED', 'OK'], app: 'hello', q: ' fac ' })
  expect(filterOf(address)).toEqual({ states: ['FAILED', 'OK'], application: 'hello', search: ' fac ' })
})

test('one state needs no list', () => {
  expect(readFleet({ state: 'OFFLINE' })).toEqual({ state: ['OFFLINE'] })
})

test('a number of a page counts with a cursor alone', () => {
  expect(readFleet({ from: 100 })).toEqual({})
  expect(readFleet({ from: 100, after: 'abc' })).toEqual({ from: 100, after: 'abc' })
})

test('an empty address filters nothing', () => {
  expect(filterOf(readFleet({ q: '  ' }))).toBeNull()
  expect(isFiltered(readFleet({}))).toBe(false)
})

test('labels are words, with or without a value', () => {
  const address = readFleet({ label: ['tier=gold', 'spare', '', 3] })
  expect(address).toEqual({ label: ['tier=gold', 'spare', '3'] })
  expect(filterOf(readFleet({ label: 'where=a=b' }))).toEqual({ labels: [{ key: 'where', value: 'a=b' }] })
  expect(filterOf(readFleet({ label: 'spare' }))).toEqual({ labels: [{ key: 'spare', value: null }] })
  expect(isFiltered(address)).toBe(true)
})

test('a list has an order, and another order begins anew', () => {
  expect(orderOf(readFleet({}))).toEqual({ sort: 'NAME', order: 'ASCENDING' })
  expect(orderOf(readFleet({ sort: 'HEARD', desc: true }))).toEqual({ sort: 'HEARD', order: 'DESCENDING' })
  expect(readFleet({ sort: 'SIZE', desc: 'yes' })).toEqual({})
  expect(sorted({ q: 'fac', sort: 'HEARD', desc: true, after: 'abc', from: 100 }, 'CUSTOMER')).toEqual({
    q: 'fac',
    sort: 'CUSTOMER',
  })
})
