import { describe, expect, test } from 'vitest'
import type { Rollout } from './queries'
import { stagesOf, stepsOf } from './steps'

const at = '2026-12-01T12:00:00Z'
const now = Date.parse(at)
const wave = (number: number, state: Rollout['waves'][number]['state']) =>
  ({ number, name: `w${number}`, state }) as Rollout['waves'][number]
const rollout = {
  state: 'RUNNING',
  kind: 'UPGRADE',
  startedAt: at,
  endedAt: null,
  waves: [wave(1, 'OPEN'), wave(2, 'PENDING')],
} as const

describe('what may be done', () => {
  test('follows from the state', () => {
    expect(stepsOf({ ...rollout, waves: [...rollout.waves] })).toEqual([
      'pause',
      'halt',
      'skip-wave',
      'adjust',
      'roll-back',
      'abort',
    ])
    const halted = { ...rollout, waves: [...rollout.waves], state: 'HALTED' as const }
    expect(stepsOf(halted)).toEqual(['resume', 'skip-wave', 'adjust', 'roll-back', 'abort'])
    const planned = { ...rollout, waves: [], state: 'PLANNED' as const, startedAt: null }
    expect(stepsOf(planned)).toEqual(['pause', 'adjust', 'abort'])
  })

  test('of what has ended only the way back is left, and of a way back nothing', () => {
    const ended = { ...rollout, waves: [wave(1, 'PASSED')], state: 'COMPLETED' as const, endedAt: at }
    expect(stepsOf(ended)).toEqual(['roll-back'])
    expect(stepsOf({ ...ended, kind: 'ROLLBACK' })).toEqual([])
  })

  test('no wave is skipped when all are done', () => {
    const tailing = { ...rollout, waves: [wave(1, 'PASSED')], state: 'TAILING' as const }
    expect(stepsOf(tailing)).not.toContain('skip-wave')
  })
})

describe('stages that want an approval', () => {
  const rule = { roles: ['OWNER' as const], count: 2, withinHours: 1 }
  const policy = { approve: rule, waves: [{ approve: null }, { approve: rule }] } as Rollout['policy']
  const planned = { ...rollout, waves: [wave(1, 'PENDING'), wave(2, 'PENDING')], state: 'PLANNED' as const, policy }

  test('are the start until it has started, and waves until they open', () => {
    const open = { ...planned, startedAt: null, approvals: [] }
    expect(stagesOf(open, now).map(({ stage, missing }) => [stage, missing])).toEqual([
      [0, 2],
      [2, 2],
    ])
    expect(stagesOf({ ...open, startedAt: at }, now).map(({ stage }) => stage)).toEqual([2])
    expect(stagesOf({ ...open, endedAt: at }, now)).toEqual([])
    expect(stagesOf({ ...open, policy: null }, now)).toEqual([])
  })

  test('an approval counts once for each member, for its stage, and for its time', () => {
    const approvals = [
      { stage: 0, by: 'ann', at },
      { stage: 0, by: 'ann', at },
      { stage: 0, by: 'ben', at: '2026-12-01T10:00:00Z' },
      { stage: 2, by: 'ann', at },
    ]
    const [start, second] = stagesOf({ ...planned, startedAt: null, approvals }, now)
    expect([start?.given, start?.missing]).toEqual([1, 1])
    expect(second?.missing).toBe(1)
  })
})
