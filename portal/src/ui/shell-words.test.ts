import { expect, test } from 'vitest'
import { commandLine, quote } from './shell-words'

test('a word that a shell would read is quoted', () => {
  expect(quote('hello-2026')).toBe('hello-2026')
  expect(quote('the contract ended')).toBe(`'the contract ended'`)
  expect(quote(`it's $HOME`)).toBe(`'it'\\''s $HOME'`)
  expect(quote('')).toBe(`''`)
})

test('words that are not there are left out', () => {
  expect(commandLine('distr', 'fleet', false, undefined, '--customer', 'globex')).toBe('distr fleet --customer globex')
})
