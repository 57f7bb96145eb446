import { expect, test } from 'vitest'
import { agentSteps, deploymentSteps } from './progress'

type Deployment = Parameters<typeof deploymentSteps>[0]
const states = (steps: { id: string; state: string }[]) => steps.map(({ state }) => state)
const deployment = (fields: object) =>
  ({
    desiredVersion: '1.4.0',
    createdAt: '2026-11-30T12:00:00Z',
    changedAt: '2026-11-30T12:01:00Z',
    ...fields,
  }) as unknown as Deployment

test('an agent is waited for until it is heard from', () => {
  const createdAt = '2026-11-30T12:00:00Z'
  expect(states(agentSteps({ createdAt, enrolledAt: null, lastHeartbeatAt: null }))).toEqual(['done', 'now', 'ahead'])
  expect(states(agentSteps({ createdAt, enrolledAt: createdAt, lastHeartbeatAt: createdAt }))).toEqual([
    'done',
    'done',
    'done',
  ])
})

test('steps tick as the agent reports them', () => {
  const of = (fields: object) => states(deploymentSteps(deployment(fields), true))
  expect(of({ phase: 'PROGRESSING', step: null })).toEqual(['done', 'now', 'ahead', 'ahead', 'ahead'])
  expect(of({ phase: 'PROGRESSING', step: 'PROVING' })).toEqual(['done', 'done', 'now', 'ahead', 'ahead'])
  expect(of({ phase: 'PROGRESSING', step: 'APPLIED' })).toEqual(['done', 'done', 'done', 'done', 'now'])
  expect(of({ phase: 'HEALTHY', step: 'APPLIED' })).toEqual(['done', 'done', 'done', 'done', 'done'])
})

test('what failed or is held stands at its step, with the reason', () => {
  const error = { category: 'UNHEALTHY', text: 'db is unhealthy' }
  const failed = deploymentSteps(deployment({ phase: 'FAILED', step: 'PROVING', error }), true)
  expect(failed[2]).toMatchObject({ state: 'failed', why: 'db is unhealthy' })
  const givenUp = deploymentSteps(deployment({ phase: 'FAILED', step: 'FAILED', error }), true)
  expect(states(givenUp)).toEqual(['done', 'ahead', 'ahead', 'ahead', 'failed'])
  expect(givenUp[4]).toMatchObject({ why: 'db is unhealthy' })
  expect(states(deploymentSteps(deployment({ phase: 'HELD', step: 'PENDING' }), true))[1]).toBe('held')
})

test('without a wish everything is ahead', () => {
  expect(states(deploymentSteps(undefined, false))).toEqual(['ahead', 'ahead', 'ahead', 'ahead', 'ahead'])
  expect(states(deploymentSteps(undefined, true))[0]).toBe('now')
})
