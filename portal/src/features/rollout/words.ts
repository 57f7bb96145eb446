// States of rollouts, of their waves and of their targets, by shape, word and meaning.
import type { RolloutKind, RolloutMemberState, RolloutState, RolloutWaveState } from '../../gql/graphql'
import type { Shape } from '../../ui/state'

type Told = [shape: Shape, word: string, meaning: string]

export const STATES: Record<RolloutState, Told> = {
  PLANNED: ['none', 'planned', 'waits for an approval or for its time'],
  RUNNING: ['progressing', 'running', 'its waves open one after the other'],
  PAUSED: ['held', 'paused', 'nothing starts; what is in flight finishes'],
  HALTED: ['failed', 'halted', 'nothing starts, and what no agent has begun goes back if the policy says so'],
  TAILING: ['stale', 'tailing', 'all waves have passed; targets that come back still start'],
  COMPLETED: ['ok', 'completed', 'each target has its outcome'],
  ABORTED: ['offline', 'aborted', 'somebody ended it'],
  SUPERSEDED: ['none', 'superseded', 'a newer rollout took over what was left'],
}

export const WAVES: Record<RolloutWaveState, Told> = {
  PENDING: ['none', 'pending', 'waits for its turn or for an approval'],
  OPEN: ['progressing', 'open', 'its targets start'],
  SOAKING: ['stale', 'soaking', 'nobody is in flight any more; its gate is asked when the time is over'],
  PASSED: ['ok', 'passed', 'its gate was satisfied'],
  SKIPPED: ['offline', 'skipped', 'somebody skipped it'],
}

export const MEMBERS: Record<RolloutMemberState, Told> = {
  WAITING: ['none', 'waiting', 'waits for its turn, or is held'],
  IN_FLIGHT: ['progressing', 'in flight', 'released, without an outcome yet'],
  SUCCEEDED: ['ok', 'succeeded', 'the release became healthy there'],
  FAILED: ['failed', 'failed', 'the release failed there or became unhealthy'],
  LOST: ['unknown', 'lost', 'no outcome came in time; a late success amends it'],
  ROLLED_BACK: ['held', 'rolled back', 'it runs what it ran before'],
  SKIPPED: ['offline', 'skipped', 'it was not allowed there, or there was nothing to do'],
  SUPERSEDED: ['none', 'superseded', 'another wish or rollout took it over'],
  CANCELLED: ['offline', 'cancelled', 'it was not released when the rollout ended'],
  UNREACHED: ['stale', 'unreached', 'it could not be reached until the end'],
}

export const KINDS: Record<RolloutKind, string> = {
  UPGRADE: 'upgrade',
  SECURITY: 'security upgrade',
  ROLLBACK: 'rollback',
}
