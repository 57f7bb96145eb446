// Rules in words, as a person would say them.
import type { RolloutApprover, Weekday } from '../../gql/graphql'
import type { ApprovalRule, Limits, Rules } from './queries'

const ROLES: Record<RolloutApprover, string> = { OWNER: 'owner', PUBLISHER: 'publisher', SUPPORT: 'support' }
const DAYS: Record<Weekday, string> = {
  MON: 'Mon',
  TUE: 'Tue',
  WED: 'Wed',
  THU: 'Thu',
  FRI: 'Fri',
  SAT: 'Sat',
  SUN: 'Sun',
}

const isNumber = (value: number | null | undefined): value is number => typeof value === 'number'
const counted = (count: number, one: string) => `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`

/** `90 min`, `2 h`, `3 days`: the largest unit that leaves no rest. */
export function minutesWords(minutes: number): string {
  if (minutes > 0 && minutes % 1440 === 0) return minutes === 1440 ? '1 day' : `${minutes / 1440} days`
  if (minutes > 0 && minutes % 60 === 0) return `${minutes / 60} h`
  return `${minutes} min`
}

/** Whom a wave takes. */
export function takesWords({ percent, count, labels, rest }: Rules['waves'][number]): string {
  if (rest) return 'whoever is left'
  if (isNumber(percent)) return `up to ${percent}% of all`
  if (isNumber(count)) return `up to ${counted(count, 'target')} of all`
  return `targets with ${(labels ?? []).map(({ key, value }) => (value ? `${key}=${value}` : key)).join(' and ')}`
}

export function approvalWords({ roles, count, withinHours }: ApprovalRule): string {
  const who = roles.map(role => ROLES[role]).join(' or ')
  const within = isNumber(withinHours) ? `, within ${minutesWords(withinHours * 60)}` : ''
  return `${count === 1 ? 'one' : count} of role ${who}, other than whoever started it${within}`
}

export function limitsWords({ inFlight, inFlightPercent, perCustomer, perLabel, startsPerMinute }: Limits): string {
  const most = isNumber(inFlight) ? counted(inFlight, 'target') : `${inFlightPercent ?? '?'}% of the targets`
  return [
    `at most ${most} in flight`,
    isNumber(perCustomer) && `${perCustomer} of one customer`,
    perLabel && `${perLabel.most} with the same ${perLabel.label}`,
    isNumber(startsPerMinute) && `${counted(startsPerMinute, 'start')} a minute`,
  ]
    .filter(Boolean)
    .join(', ')
}

export function gateWords(gate: Rules['gate']): string[] {
  const succeed = gate.minSuccessPercent ?? 100 - gate.maxFailurePercent
  return [
    isNumber(gate.maxFailures) ? `More than ${counted(gate.maxFailures, 'failed or lost target')} in all halt it.` : '',
    `More than ${gate.maxFailurePercent}% failed or lost, or ${gate.maxUnknownPercent}% lost, of what is decided in a wave halt it.`,
    `A share counts from ${counted(gate.minDecided, 'outcome')} on, or from fewer where fewer can be reached.`,
    `A wave passes with ${succeed}% successes.`,
    isNumber(gate.requireReachedPercent)
      ? `At least ${gate.requireReachedPercent}% of a wave must have an outcome first.`
      : 'Silent targets are not waited for.',
  ].filter(Boolean)
}

export function windowWords({ zone, allow, blackouts }: NonNullable<Rules['windows']>): string[] {
  const open = allow.map(
    ({ days, start, minutes }) => `${days.map(day => DAYS[day]).join(', ')} from ${start} for ${minutesWords(minutes)}`,
  )
  const closed = blackouts.map(({ from, to }) => (from === to ? from : `${from} to ${to}`))
  return [
    open.length > 0 ? `Targets start ${open.join('; ')} (${zone}).` : `Targets start at any time (${zone}).`,
    ...(closed.length > 0 ? [`Nobody starts on ${closed.join('; ')}.`] : []),
  ]
}

/** What else a policy says, each as a sentence. */
export function otherWords(rules: Rules): string[] {
  const { timeoutMinutes, unhealthyGraceMinutes, retries, leadMinutes, onHalt, tailDays } = rules
  return [
    `Without an outcome after ${minutesWords(timeoutMinutes)} a target is lost; unhealthy for ${minutesWords(unhealthyGraceMinutes)} it has failed.`,
    retries > 0 ? `What fails for want of network or resources is tried again ${counted(retries, 'time')}.` : '',
    onHalt === 'WITHDRAW'
      ? 'On a halt, what no agent has begun goes back.'
      : 'On a halt, what is released stays, and is brought about when the agent comes to it.',
    tailDays > 0
      ? `Silent targets may come back for ${counted(tailDays, 'day')} after the last wave.`
      : 'Nobody comes back after the last wave.',
    ...(rules.windows
      ? [...windowWords(rules.windows), `A start needs ${minutesWords(leadMinutes)} of a window.`]
      : []),
    rules.keepCustomersTogether ? 'Targets of a customer are in one wave.' : '',
    rules.keepTogetherBy ? `Targets with the same ${rules.keepTogetherBy} are in one wave.` : '',
    rules.sticky ? 'Each rollout has the same first targets.' : '',
    rules.closed ? 'Whoever joins while it is open is left out.' : '',
  ].filter(Boolean)
}
