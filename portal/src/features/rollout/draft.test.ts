import { describe, expect, test } from 'vitest'
import { type Draft, draftOf, FIRST_DRAFT, limitsDraft, limitsOf, rulesOf } from './draft'
import type { Rules } from './queries'
import { daysOf, daysText, durationText, minutesOf, windowsOf } from './times'

const RULES: Rules = {
  waves: [
    {
      name: 'inside',
      percent: null,
      count: null,
      rest: false,
      soakMinutes: 30,
      labels: [
        { key: 'ring', value: 'early' },
        { key: 'spare', value: '' },
      ],
      approve: null,
    },
    { name: 'tenth', percent: 10, count: null, rest: false, soakMinutes: 120, labels: null, approve: null },
    { name: 'some', percent: null, count: 50, rest: false, soakMinutes: 0, labels: null, approve: null },
    {
      name: 'all',
      percent: null,
      count: null,
      rest: true,
      soakMinutes: 1440,
      labels: null,
      approve: { roles: ['OWNER', 'SUPPORT'], count: 2, withinHours: 24 },
    },
  ],
  limits: {
    inFlight: null,
    inFlightPercent: 5,
    perCustomer: 1,
    startsPerMinute: 10,
    perLabel: { label: 'region', most: 3 },
  },
  gate: {
    maxFailures: 3,
    maxFailurePercent: 10,
    maxUnknownPercent: 7,
    minDecided: 4,
    minSuccessPercent: 95,
    requireReachedPercent: 50,
  },
  timeoutMinutes: 90,
  unhealthyGraceMinutes: 10,
  retries: 2,
  leadMinutes: 15,
  onHalt: 'LEAVE',
  tailDays: 14,
  approve: { roles: ['PUBLISHER'], count: 1, withinHours: null },
  windows: {
    zone: 'Europe/Berlin',
    allow: [{ days: ['MON', 'TUE', 'WED', 'FRI'], start: '22:00', minutes: 240 }],
    blackouts: [
      { from: '2026-12-24', to: '2027-01-02' },
      { from: '2027-05-01', to: '2027-05-01' },
    ],
  },
  keepCustomersTogether: false,
  keepTogetherBy: 'region',
  sticky: true,
  closed: true,
}

describe('a policy and its form', () => {
  test('nothing that a policy says is lost on the way through the form', () => {
    expect(rulesOf(draftOf(RULES))).toEqual({ rules: RULES, wrong: [] })
  })

  test('what is not limited stays so', () => {
    const bare: Rules = {
      ...RULES,
      limits: { inFlight: 5, inFlightPercent: null, perCustomer: null, startsPerMinute: null, perLabel: null },
      gate: { ...RULES.gate, maxFailures: null, minSuccessPercent: null, requireReachedPercent: null },
      approve: null,
      windows: null,
      keepCustomersTogether: true,
      keepTogetherBy: null,
    }
    expect(rulesOf(draftOf(bare))).toEqual({ rules: bare, wrong: [] })
  })

  test('a tolerance of no failure is another thing than no limit', () => {
    const strict = { ...RULES, gate: { ...RULES.gate, maxFailures: 0 } }
    expect(rulesOf(draftOf(strict)).rules.gate?.maxFailures).toBe(0)
  })

  test('the first draft can be set as it is', () => {
    expect(rulesOf(FIRST_DRAFT).wrong).toEqual([])
  })

  const wrong = (part: Partial<Draft>) => rulesOf({ ...FIRST_DRAFT, ...part }).wrong
  const [first] = FIRST_DRAFT.waves

  test('what does not fit is said with its place', () => {
    expect(wrong({ waves: [] })).toEqual(['A policy has at least one wave.'])
    expect(wrong({ waves: first ? [{ ...first, name: ' ' }] : [] })).toEqual(['Wave 1: a name is needed.'])
    expect(wrong({ waves: first ? [{ ...first, takes: 'percent', value: '101' }] : [] })).toEqual([
      'Wave 1: percent: a whole number from 1 to 100 is needed.',
    ])
    expect(wrong({ waves: first ? [{ ...first, takes: 'labels', value: '\n' }] : [] })[0]).toMatch(
      /^Wave 1: name the labels/,
    )
    expect(wrong({ waves: first ? [{ ...first, soak: 'a while' }] : [] })[0]).toMatch(/^Wave 1: soak/)
    expect(wrong({ tail: '400' })[0]).toMatch(/^Days for silent targets/)
    expect(wrong({ timeout: '' })[0]).toMatch(/^Time for each step/)
    expect(wrong({ keep: 'label' })[0]).toMatch(/^Kept together/)
    expect(wrong({ windows: 'someday 22:00 4h' })[0]).toContain('“someday 22:00 4h”')
    expect(wrong({ windows: 'mon 22:00 4h', zone: '' })[0]).toMatch(/time zone/)
  })
})

describe('limits', () => {
  test('are a number or a share', () => {
    expect(limitsOf({ ...FIRST_DRAFT.limits, inFlight: ' 7 ' }).limits).toMatchObject({
      inFlight: 7,
      inFlightPercent: null,
    })
    expect(limitsOf({ ...FIRST_DRAFT.limits, inFlight: '7 %' }).limits).toMatchObject({
      inFlight: null,
      inFlightPercent: 7,
    })
    for (const inFlight of ['', '0', '-1', '1.5', '101%', 'all']) {
      expect(limitsOf({ ...FIRST_DRAFT.limits, inFlight }).wrong, inFlight).toHaveLength(1)
    }
  })

  test('by label want both the label and the number', () => {
    expect(limitsOf({ ...FIRST_DRAFT.limits, label: 'region' }).wrong).toHaveLength(1)
    expect(limitsOf({ ...FIRST_DRAFT.limits, perLabel: '2' }).wrong).toHaveLength(1)
    expect(limitsOf(limitsDraft(RULES.limits))).toEqual({ limits: RULES.limits, wrong: [] })
  })
})

describe('times', () => {
  test('have units, minutes if there is none', () => {
    expect(['30m', '2h', '1d', '15', ' 5 m '].map(minutesOf)).toEqual([30, 120, 1440, 15, 5])
    expect(['', 'h', '1w', '-5m', '1.5h'].map(minutesOf)).toEqual(Array(5).fill(undefined))
    for (const minutes of [0, 1, 59, 60, 61, 1440, 1441, 2880]) expect(minutesOf(durationText(minutes))).toBe(minutes)
  })

  test('days in a row are their ends, also over the end of the week', () => {
    expect(daysText(['MON', 'TUE', 'WED', 'FRI'])).toBe('mon-wed,fri')
    expect(daysText(['SUN', 'SAT'])).toBe('sat,sun')
    expect(daysOf('mon-wed,fri')).toEqual(['MON', 'TUE', 'WED', 'FRI'])
    expect(daysOf('sat-mon')).toEqual(['MON', 'SAT', 'SUN'])
    expect(daysOf('someday')).toBeUndefined()
    expect(daysOf('mon-')).toBeUndefined()
  })

  test('a line that is no window is named, and the others stay', () => {
    const { allow, blackouts, wrong } = windowsOf(
      'mon-fri 22:00 4h\n\nmon 25:00 1h\nmon 22:00',
      '2026-12-24\n24.12.2026',
    )
    expect(allow).toHaveLength(1)
    expect(blackouts).toEqual([{ from: '2026-12-24', to: '2026-12-24' }])
    expect(wrong).toHaveLength(3)
  })
})
