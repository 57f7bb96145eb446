// The form of a policy: what somebody typed, and the rules that it means. What it cannot mean is said with its place; what only the hub
// knows, such as time zones, the hub refuses.
import type {
  RolloutApprover,
  RolloutGateInput,
  RolloutLimitsInput,
  RolloutOnHalt,
  RolloutPolicyInput,
  RolloutWaveRuleInput,
  RolloutWindowsInput,
} from '../../gql/graphql'
import { labelsOf, textOf } from '../../ui/labels'
import type { ApprovalRule, Limits, Rules } from './queries'
import { daysText, durationText, minutesOf, windowsOf } from './times'

export type ApprovalDraft = { roles: RolloutApprover[]; count: string; within: string }
export type Takes = 'percent' | 'count' | 'labels' | 'rest'
export type WaveDraft = { key: number; name: string; takes: Takes; value: string; soak: string; approve: ApprovalDraft }
export type LimitsDraft = { inFlight: string; perCustomer: string; label: string; perLabel: string; starts: string }
export type GateDraft = Record<keyof Omit<RolloutGateInput, '__typename'>, string>
export type Draft = {
  waves: WaveDraft[]
  limits: LimitsDraft
  gate: GateDraft
  timeout: string
  grace: string
  retries: string
  lead: string
  onHalt: RolloutOnHalt
  tail: string
  approve: ApprovalDraft
  zone: string
  windows: string
  blackouts: string
  keep: 'none' | 'customer' | 'label'
  keepLabel: string
  sticky: boolean
  closed: boolean
}

const NOBODY: ApprovalDraft = { roles: [], count: '1', within: '' }
const shown = (value: number | null | undefined) => (typeof value === 'number' ? String(value) : '')

export const newWave = (key: number, name = ''): WaveDraft => ({
  key,
  name,
  takes: 'percent',
  value: '',
  soak: '',
  approve: NOBODY,
})

/** A beginning that stops early: one target, a tenth, the rest. */
export const FIRST_DRAFT: Draft = {
  waves: [
    { ...newWave(1, 'canary'), takes: 'count', value: '1', soak: '30m' },
    { ...newWave(2, 'tenth'), value: '10', soak: '2h' },
    { ...newWave(3, 'all'), takes: 'rest' },
  ],
  limits: { inFlight: '5%', perCustomer: '', label: '', perLabel: '', starts: '' },
  gate: {
    maxFailures: '',
    maxFailurePercent: '5',
    maxUnknownPercent: '5',
    minDecided: '5',
    minSuccessPercent: '',
    requireReachedPercent: '',
  },
  timeout: '1h',
  grace: '5m',
  retries: '0',
  lead: '5m',
  onHalt: 'WITHDRAW',
  tail: '30',
  approve: NOBODY,
  zone: 'UTC',
  windows: '',
  blackouts: '',
  keep: 'none',
  keepLabel: '',
  sticky: false,
  closed: false,
}

export function limitsDraft(limits: Limits): LimitsDraft {
  const { inFlight, inFlightPercent, perCustomer, perLabel, startsPerMinute } = limits
  return {
    inFlight: typeof inFlightPercent === 'number' ? `${inFlightPercent}%` : shown(inFlight),
    perCustomer: shown(perCustomer),
    label: perLabel?.label ?? '',
    perLabel: shown(perLabel?.most),
    starts: shown(startsPerMinute),
  }
}

function approvalDraft(rule: ApprovalRule | null | undefined): ApprovalDraft {
  if (!rule) return NOBODY
  const { roles, count, withinHours } = rule
  return { roles, count: String(count), within: shown(withinHours) }
}

function waveDraft(wave: Rules['waves'][number], index: number): WaveDraft {
  const { name, percent, count, labels, rest, soakMinutes, approve } = wave
  const takes = rest ? 'rest' : typeof percent === 'number' ? 'percent' : typeof count === 'number' ? 'count' : 'labels'
  const value = { rest: '', percent: shown(percent), count: shown(count), labels: textOf(labels ?? []) }[takes]
  return {
    key: index + 1,
    name,
    takes,
    value,
    soak: soakMinutes > 0 ? durationText(soakMinutes) : '',
    approve: approvalDraft(approve),
  }
}

export function draftOf(rules: Rules): Draft {
  const { gate, windows } = rules
  return {
    waves: rules.waves.map(waveDraft),
    limits: limitsDraft(rules.limits),
    gate: {
      maxFailures: shown(gate.maxFailures),
      maxFailurePercent: shown(gate.maxFailurePercent),
      maxUnknownPercent: shown(gate.maxUnknownPercent),
      minDecided: shown(gate.minDecided),
      minSuccessPercent: shown(gate.minSuccessPercent),
      requireReachedPercent: shown(gate.requireReachedPercent),
    },
    timeout: durationText(rules.timeoutMinutes),
    grace: durationText(rules.unhealthyGraceMinutes),
    retries: String(rules.retries),
    lead: durationText(rules.leadMinutes),
    onHalt: rules.onHalt,
    tail: String(rules.tailDays),
    approve: approvalDraft(rules.approve),
    zone: windows?.zone ?? 'UTC',
    windows: (windows?.allow ?? [])
      .map(({ days, start, minutes }) => `${daysText(days)} ${start} ${durationText(minutes)}`)
      .join('\n'),
    blackouts: (windows?.blackouts ?? []).map(({ from, to }) => (from === to ? from : `${from} ${to}`)).join('\n'),
    keep: rules.keepCustomersTogether ? 'customer' : rules.keepTogetherBy ? 'label' : 'none',
    keepLabel: rules.keepTogetherBy ?? '',
    sticky: rules.sticky,
    closed: rules.closed,
  }
}

/** Collects what does not fit, each with its place. */
class Reading {
  wrong: string[] = []

  number(text: string, where: string, least = 0, most = 1_000_000): number {
    const value = Number(text.trim())
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    this.wrong.push(`${where}: a whole number from ${least} to ${most.toLocaleString('en')} is needed.`)
    return least
  }

  some(text: string, where: string, least = 1, most?: number): number | null {
    return text.trim() === '' ? null : this.number(text, where, least, most)
  }

  minutes(text: string, where: string): number {
    const minutes = minutesOf(text)
    if (minutes === undefined) this.wrong.push(`${where}: write a time such as 30m, 2h or 1d.`)
    return minutes ?? 0
  }
}

function limits({ inFlight, perCustomer, label, perLabel, starts }: LimitsDraft, read: Reading): RolloutLimitsInput {
  const text = inFlight.trim()
  const isShare = text.endsWith('%')
  const amount = read.number(isShare ? text.slice(0, -1) : text, 'In flight', 1, isShare ? 100 : undefined)
  if ((label.trim() === '') !== (perLabel.trim() === '')) {
    read.wrong.push('A limit by label needs both the label and the number, or neither.')
  }
  return {
    inFlight: isShare ? null : amount,
    inFlightPercent: isShare ? amount : null,
    perCustomer: read.some(perCustomer, 'Of one customer'),
    perLabel:
      label.trim() && perLabel.trim() ? { label: label.trim(), most: read.number(perLabel, 'By label', 1) } : null,
    startsPerMinute: read.some(starts, 'Starts a minute'),
  }
}

function approval({ roles, count, within }: ApprovalDraft, where: string, read: Reading) {
  if (roles.length === 0) return null
  return {
    roles,
    count: read.number(count, `${where}: how many approve`, 1),
    withinHours: read.some(within, `${where}: hours for which an approval counts`),
  }
}

function wave(draft: WaveDraft, index: number, read: Reading): RolloutWaveRuleInput {
  const where = `Wave ${index + 1}`
  if (draft.name.trim() === '') read.wrong.push(`${where}: a name is needed.`)
  const { takes, value } = draft
  const labels = takes === 'labels' ? labelsOf(value) : null
  if (labels?.length === 0) read.wrong.push(`${where}: name the labels that its targets have, one a line.`)
  return {
    name: draft.name.trim(),
    percent: takes === 'percent' ? read.number(value, `${where}: percent`, 1, 100) : null,
    count: takes === 'count' ? read.number(value, `${where}: targets`, 1) : null,
    labels,
    rest: takes === 'rest',
    soakMinutes: draft.soak.trim() === '' ? 0 : read.minutes(draft.soak, `${where}: soak`),
    approve: approval(draft.approve, where, read),
  }
}

function gate(draft: GateDraft, read: Reading): RolloutGateInput {
  return {
    maxFailures: read.some(draft.maxFailures, 'Tolerated failures', 0),
    maxFailurePercent: read.number(draft.maxFailurePercent, 'Failed and lost', 0, 100),
    maxUnknownPercent: read.number(draft.maxUnknownPercent, 'Lost', 0, 100),
    minDecided: read.number(draft.minDecided, 'Outcomes before a share counts', 1),
    minSuccessPercent: read.some(draft.minSuccessPercent, 'Successes', 0, 100),
    requireReachedPercent: read.some(draft.requireReachedPercent, 'Reached', 0, 100),
  }
}

function windows(draft: Draft, read: Reading): RolloutWindowsInput | null {
  const { allow, blackouts, wrong } = windowsOf(draft.windows, draft.blackouts)
  read.wrong.push(...wrong)
  if (allow.length === 0 && blackouts.length === 0) return null
  if (draft.zone.trim() === '') read.wrong.push('Windows need a time zone, such as Europe/Berlin or UTC.')
  return { zone: draft.zone.trim(), allow, blackouts }
}

export function limitsOf(draft: LimitsDraft): { limits: RolloutLimitsInput; wrong: string[] } {
  const read = new Reading()
  return { limits: limits(draft, read), wrong: read.wrong }
}

export function rulesOf(draft: Draft): { rules: RolloutPolicyInput; wrong: string[] } {
  const read = new Reading()
  if (draft.waves.length === 0) read.wrong.push('A policy has at least one wave.')
  if (draft.keep === 'label' && draft.keepLabel.trim() === '') {
    read.wrong.push('Kept together: name the label whose value keeps targets in one wave.')
  }
  const rules = {
    waves: draft.waves.map((one, index) => wave(one, index, read)),
    limits: limits(draft.limits, read),
    gate: gate(draft.gate, read),
    timeoutMinutes: read.minutes(draft.timeout, 'Time for each step'),
    unhealthyGraceMinutes: read.minutes(draft.grace, 'Unhealthy for'),
    retries: read.number(draft.retries, 'Tries more', 0, 10),
    leadMinutes: read.minutes(draft.lead, 'Left of a window'),
    onHalt: draft.onHalt,
    tailDays: read.number(draft.tail, 'Days for silent targets', 0, 366),
    approve: approval(draft.approve, 'The start', read),
    windows: windows(draft, read),
    keepCustomersTogether: draft.keep === 'customer',
    keepTogetherBy: draft.keep === 'label' ? draft.keepLabel.trim() : null,
    sticky: draft.sticky,
    closed: draft.closed,
  }
  return { rules, wrong: read.wrong }
}
