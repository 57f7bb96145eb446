import { expect, test } from 'vitest'
import { csv } from './csv'

test('cells are quoted where they must be, and hold no formula', () => {
  const rows = [
    ['target', 'why'],
    ['factory', 'said "no", twice'],
    ['=cmd()', '-1'],
    ['a\nb', ''],
  ]
  expect(csv(rows)).toBe('target,why\r\nfactory,"said ""no"", twice"\r\n\'=cmd(),\'-1\r\n"a\nb",\r\n')
})
