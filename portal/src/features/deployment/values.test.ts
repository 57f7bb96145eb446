import { expect, test } from 'vitest'
import { parseValues, valuesText } from './values'

test('values come back as they were shown', () => {
  const values = { replicas: 2, ingress: { host: 'shop.example' } }
  expect(parseValues(valuesText(values))).toEqual({ values })
  expect(valuesText({})).toBe('')
  expect(valuesText(null)).toBe('')
  expect(parseValues(' \n')).toEqual({ values: {} })
})

test('what is no object is said to be none', () => {
  for (const text of ['[1]', '3', 'null', '"a"']) expect(parseValues(text).wrong).toContain('no object')
  expect(parseValues('{replicas: 2').wrong).toContain('no JSON')
})
