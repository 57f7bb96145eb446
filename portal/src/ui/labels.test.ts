import { expect, test } from 'vitest'
import { labelsOf, textOf } from './labels'

test('labels come back as they were written', () => {
  const labels = [
    { key: 'tier', value: 'gold' },
    { key: 'open-source', value: '' },
    { key: 'where', value: 'a=b' },
  ]
  expect(labelsOf(textOf(labels))).toEqual(labels)
  expect(labelsOf(' tier = gold \n\n')).toEqual([{ key: 'tier', value: 'gold' }])
  expect(labelsOf('')).toEqual([])
})
