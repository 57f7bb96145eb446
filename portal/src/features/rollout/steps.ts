// What may be done to a rollout in its state. Whether the viewer may is said by rights; what is done, by the hub.
import type { Permission } from '../../gql/graphql'
import type { ApprovalRule, Rollout } from './queries'
import { currentWave } from './tally'

export type Step = 'pause' | 'halt' | 'resume' | 'adjust' | 'skip-wave' | 'roll-back' | 'abort'

export const NEEDS: Record<Step, Permission> = {
  pause: 'OVERSEE_ROLLOUTS',
  halt: 'OVERSEE_ROLLOUTS',
  resume: 'ROLL_OUT',
  adjust: 'ROLL_OUT',
  'skip-wave': 'ROLL_OUT',
  'roll-back': 'ROLL_OUT',
  abort: 'ROLL_OUT',
}

type Of = Pick<Rollout, 'state' | 'kind' | 'startedAt' | 'endedAt' | 'waves'>

export function stepsOf({ state, kind, startedAt, endedAt, waves }: Of): Step[] {
  const hasStarted = Boolean(startedAt)
  const canGoBack: Step[] = hasStarted && kind !== 'ROLLBACK' ? ['roll-back'] : []
  if (endedAt) return canGoBack
  const stands = state === 'PAUSED' || state === 'HALTED'
  return [
    ...(stands ? (['resume'] as const) : (['pause'] as const)),
    ...(hasStarted && state !== 'HALTED' ? (['halt'] as const) : []),
    ...(hasStarted && currentWave(waves) ? (['skip-wave'] as const) : []),
    'adjust',
    ...canGoBack,
    'abort',
  ]
}

/** A stage that waits for people: 0 is the start, others are the openings of waves by their number. */
export type Stage = { stage: number; name: string; rule: ApprovalRule; given: number; missing: number }

type Approved = Pick<Rollout, 'state' | 'startedAt' | 'endedAt' | 'waves' | 'policy' | 'approvals'>

/** The stages that are not past and want an approval, with what counts at the time `now` (milliseconds since 1970). */
export function stagesOf({ startedAt, endedAt, waves, policy, approvals }: Approved, now: number): Stage[] {
  if (!policy || endedAt) return []
  const of = (stage: number, name: string, rule: ApprovalRule | null | undefined): Stage[] => {
    if (!rule) return []
    const oldest = typeof rule.withinHours === 'number' ? now - rule.withinHours * 3_600_000 : Number.NEGATIVE_INFINITY
    const given = new Set(
      approvals.filter(one => one.stage === stage && Date.parse(one.at) >= oldest).map(({ by }) => by),
    )
    return [{ stage, name, rule, given: given.size, missing: Math.max(0, rule.count - given.size) }]
  }
  const start = startedAt ? [] : of(0, 'the start', policy.approve)
  const pending = waves.filter(({ state }) => state === 'PENDING')
  return [
    ...start,
    ...pending.flatMap(({ number, name }) => of(number, `wave ${number}, ${name}`, policy.waves[number - 1]?.approve)),
  ]
}
