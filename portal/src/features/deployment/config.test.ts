import { expect, test } from 'vitest'
import { configArguments, configText, parseConfig } from './config'

test('lines are read as keys and values, and written back', () => {
  const { entries, wrong } = parseConfig('# of the factory\nGREETING=hello world\n\nURL=http://a?b=c\n')
  expect(entries).toEqual([
    { key: 'GREETING', value: 'hello world' },
    { key: 'URL', value: 'http://a?b=c' },
  ])
  expect(wrong).toEqual([])
  expect(parseConfig(configText(entries)).entries).toEqual(entries)
})

test('a line that is no setting is named', () => {
  expect(parseConfig('A=1\nnonsense\n=2').wrong).toEqual([2, 3])
})

test('the command line says the same', () => {
  expect(configArguments(undefined)).toEqual([])
  expect(configArguments([])).toEqual(['--clear-config'])
  expect(configArguments([{ key: 'A', value: 'b c' }])).toEqual(['--config', 'A=b c'])
})
