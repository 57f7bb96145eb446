import { expect, test } from 'vitest'
import type { Row } from '../features/target/queries'
import { belowOf } from './below'

const outdatedBy = { version: '2.0.0', reason: 'it mends a leak' }
const deployment = (id: string, release: object, more = {}) => {
  return { application: { id, name: id }, release: { version: '1.3.0', status: 'PUBLISHED', ...release }, ...more }
}
const target = (name: string, ...deployments: object[]) => ({ name, deployments }) as unknown as Row

test('each application and required release is one thing to do, with its targets', () => {
  const targets = [
    target('factory', deployment('hello', { outdatedBy }), deployment('shop', { outdatedBy })),
    target('lab', deployment('hello', { outdatedBy })),
    target('office', deployment('hello', {})),
  ]
  const seen = belowOf(targets).map(({ application, floor, on }) => [
    application.name,
    floor.version,
    on.map(({ name }) => name),
  ])
  expect(seen).toEqual([
    ['hello', '2.0.0', ['factory', 'lab']],
    ['shop', '2.0.0', ['factory']],
  ])
})

test('what is asked for already, or is to go, needs nobody', () => {
  const required = { version: '2.0.0', required: 'it mends a leak' }
  expect(belowOf([target('factory', deployment('hello', required, { runningVersion: '1.3.0' }))])).toEqual([])
  expect(belowOf([target('factory', deployment('hello', { outdatedBy }, { removal: 'KEEP' }))])).toEqual([])
})
