import { expect, test } from 'vitest'
import { findings, rangeOf } from './findings'
import { nextVersions } from './version'

const TEXT = 'services:\n  web:\n    image: postgres:17\n    ports: ["70000:80"]\n'

test('each sentence of a refusal has its place', () => {
  const message =
    'line 4, column 13: service "web", key ports, entry 1: "70000:80": "70000" is no port; write a number up to 65535\n' +
    'line 9, column 3: service "app": the service has no image; name one'
  expect(findings(message, TEXT)).toEqual([
    {
      line: 4,
      column: 13,
      place: 'service "web", key ports, entry 1',
      reason: '"70000:80": "70000" is no port; write a number up to 65535',
    },
    { line: 9, column: 3, place: 'service "app"', reason: 'the service has no image; name one' },
  ])
})

test('an image that is not pinned is found in the text', () => {
  const message = 'service "web": image "postgres:17" is in another registry and not pinned; add its @sha256:… digest'
  expect(findings(message, TEXT)).toMatchObject([{ line: 3, column: 12, place: 'service "web"' }])
})

test('what a sentence quotes is found in the text', () => {
  const [warning] = findings('service "web", key ports: the release does not ship "70000:80"', TEXT)
  expect(warning).toMatchObject({ line: 4, column: 14 })
  expect(findings('service "web" has no image', TEXT)).toMatchObject([{ line: 2, column: 3, place: undefined }])
})

test('a sentence without a place is told as it is', () => {
  const reason = 'the compose file cannot be read: did not find expected key'
  expect(findings(reason, TEXT)).toEqual([{ line: undefined, column: undefined, place: undefined, reason }])
})

test('a line is found in the text', () => {
  const [begin, end] = rangeOf(TEXT, 2)
  expect(TEXT.slice(begin, end)).toBe('  web:')
  expect(rangeOf('a', 1)).toEqual([0, 1])
})

test('the next version follows the newest', () => {
  expect(nextVersions('1.4.0')).toEqual({ patch: '1.4.1', minor: '1.5.0' })
  expect(nextVersions('2.0.0-rc.1')).toEqual({ patch: '2.0.0', minor: '2.1.0' })
  expect(nextVersions(undefined)).toEqual({ patch: '1.0.0', minor: '1.1.0' })
})
