// What an alert says, and what comes of a choice of time.
import type { AlertKind } from '../../gql/graphql'
import type { Shape } from '../../ui/state'

const DAY = 86_400_000

export const KINDS: Record<AlertKind, [Shape, string]> = {
  DEPLOYMENT_FAILED: ['failed', 'deployment failed'],
  DEPLOYMENT_HELD: ['held', 'deployment held'],
  DEPLOYMENT_FLAPPING: ['progressing', 'deployment flaps'],
  TARGET_SILENT: ['offline', 'target silent'],
  LICENSE_USED_UP: ['stale', 'license used up'],
  LICENSE_ENDS: ['stale', 'license ends'],
  TOKEN_ENDS: ['stale', 'token ends'],
}

export const PERIODS = { '1 day': 1, '1 week': 7, '30 days': 30, '90 days': 90 } as const
export type Period = keyof typeof PERIODS

/** From now on, to the minute. */
export function untilOf(period: Period, now: number): string {
  const at = new Date(now + PERIODS[period] * DAY)
  at.setUTCSeconds(0, 0)
  return at.toISOString().replace('.000Z', 'Z')
}

export function countWords(count: number, isMore: boolean): string {
  return isMore ? `${count}+` : count.toLocaleString()
}
