import { describe, expect, test } from 'vitest'
import { readMembers, readRollouts, readStart } from './address'
import { factWords } from './fact-words'
import { approvalWords, gateWords, limitsWords, minutesWords, otherWords, takesWords } from './rule-words'
import { currentWave, tallyWords, total, waveWords } from './tally'
import { argumentsOf, instantOf, isWhole, type Wish, wanted } from './wish'

const counts = { members: 40, waiting: 24, inFlight: 3, succeeded: 12, failed: 1, lost: 0, apart: 0 }

describe('a tally', () => {
  test('says what there is, and successes always', () => {
    expect(tallyWords(counts)).toBe('12 of 40 succeeded, 3 in flight, 1 failed, 24 waiting')
    expect(tallyWords({ ...counts, members: 2000, succeeded: 0, inFlight: 0, failed: 0, waiting: 2000 })).toBe(
      '0 of 2,000 succeeded, 2,000 waiting',
    )
    expect(tallyWords(total([]))).toBe('no targets')
  })

  test('of several waves is their sum', () => {
    expect(total([counts, counts])).toEqual({
      members: 80,
      waiting: 48,
      inFlight: 6,
      succeeded: 24,
      failed: 2,
      lost: 0,
      apart: 0,
    })
  })
})

describe('the wave whose turn it is', () => {
  const waves = (...states: ('PASSED' | 'SKIPPED' | 'SOAKING' | 'PENDING')[]) =>
    states.map((state, index) => ({ state, number: index + 1, name: ['one', 'two', 'three'][index] ?? '' }))

  test('is the first that is not done', () => {
    expect(currentWave(waves('PASSED', 'SOAKING', 'PENDING'))?.number).toBe(2)
    expect(waveWords(waves('PASSED', 'SKIPPED', 'PENDING'))).toBe('wave 3 of 3, three')
    expect(waveWords(waves('PASSED', 'SKIPPED'))).toBe('all 2 waves are done')
    expect(waveWords(waves('PASSED'))).toBe('the wave is done')
  })

  test('keeps its number where a customer sees few of them', () => {
    const [, , last] = waves('PASSED', 'PASSED', 'SOAKING')
    expect(waveWords(last ? [last] : [])).toBe('wave 3 of 3, three')
  })
})

describe('rules in words', () => {
  const wave = { name: 'a', percent: null, count: null, labels: null, rest: false, soakMinutes: 0, approve: null }

  test('whom a wave takes', () => {
    expect(takesWords({ ...wave, percent: 10 })).toBe('up to 10% of all')
    expect(takesWords({ ...wave, count: 1 })).toBe('up to 1 target of all')
    expect(takesWords({ ...wave, rest: true })).toBe('whoever is left')
    const labels = [
      { key: 'ring', value: 'early' },
      { key: 'spare', value: '' },
    ]
    expect(takesWords({ ...wave, labels })).toBe('targets with ring=early and spare')
  })

  test('minutes in the largest unit that leaves no rest', () => {
    expect([0, 5, 60, 90, 1440, 4320].map(minutesWords)).toEqual(['0 min', '5 min', '1 h', '90 min', '1 day', '3 days'])
  })

  test('limits, those that there are', () => {
    const none = { inFlight: null, inFlightPercent: 5, perCustomer: null, perLabel: null, startsPerMinute: null }
    expect(limitsWords(none)).toBe('at most 5% of the targets in flight')
    const all = { ...none, inFlight: 1, inFlightPercent: null, perCustomer: 1, startsPerMinute: 1 }
    expect(limitsWords({ ...all, perLabel: { label: 'region', most: 2 } })).toBe(
      'at most 1 target in flight, 1 of one customer, 2 with the same region, 1 start a minute',
    )
  })

  test('who approves, and for how long', () => {
    expect(approvalWords({ roles: ['OWNER', 'SUPPORT'], count: 1, withinHours: 24 })).toBe(
      'one of role owner or support, other than whoever started it, within 1 day',
    )
    expect(approvalWords({ roles: ['OWNER'], count: 2, withinHours: null })).toMatch(/^2 of role owner/)
  })

  test('a gate without an own share of successes has what the failures leave', () => {
    const gate = {
      maxFailures: null,
      maxFailurePercent: 20,
      maxUnknownPercent: 5,
      minDecided: 1,
      minSuccessPercent: null,
      requireReachedPercent: null,
    }
    expect(gateWords(gate)).toContain('A wave passes with 80% successes.')
    expect(gateWords({ ...gate, minSuccessPercent: 99 })).toContain('A wave passes with 99% successes.')
    expect(gateWords({ ...gate, maxFailures: 0 })[0]).toBe('More than 0 failed or lost targets in all halt it.')
    expect(gateWords({ ...gate, requireReachedPercent: 50 }).at(-1)).toMatch(/^At least 50%/)
  })

  test('windows with their zone, and days on which nobody starts', () => {
    const rules = {
      waves: [],
      limits: { inFlight: 1, inFlightPercent: null, perCustomer: null, perLabel: null, startsPerMinute: null },
      gate: {
        maxFailures: null,
        maxFailurePercent: 5,
        maxUnknownPercent: 5,
        minDecided: 5,
        minSuccessPercent: null,
        requireReachedPercent: null,
      },
      timeoutMinutes: 60,
      unhealthyGraceMinutes: 5,
      retries: 0,
      leadMinutes: 5,
      onHalt: 'LEAVE' as const,
      tailDays: 0,
      approve: null,
      windows: {
        zone: 'Europe/Berlin',
        allow: [{ days: ['MON' as const, 'TUE' as const], start: '22:00', minutes: 240 }],
        blackouts: [{ from: '2026-12-24', to: '2026-12-24' }],
      },
      keepCustomersTogether: true,
      keepTogetherBy: null,
      sticky: true,
      closed: true,
    }
    const words = otherWords(rules)
    expect(words).toContain('Targets start Mon, Tue from 22:00 for 4 h (Europe/Berlin).')
    expect(words).toContain('Nobody starts on 2026-12-24.')
    expect(words).toContain('Nobody comes back after the last wave.')
    expect(words).toContain('Targets of a customer are in one wave.')
  })
})

describe('addresses', () => {
  test('say what is known, and drop the rest', () => {
    expect(readRollouts({ app: 'hello', is: 'open', after: 'abc', from: 50 })).toEqual({
      app: 'hello',
      is: 'open',
      after: 'abc',
      from: 50,
    })
    expect(readRollouts({ app: ' ', is: 'else', from: 50 })).toEqual({})
    expect(readMembers({ wave: 2, state: 'LOST', hold: 'target.offline' })).toEqual({
      wave: 2,
      state: 'LOST',
      hold: 'target.offline',
    })
    expect(readMembers({ wave: 0, state: 'toString' })).toEqual({})
    expect(readMembers({ wave: 1.5, state: 'GONE', hold: 3.5 })).toEqual({ hold: '3.5' })
    expect(readStart({ app: 'hello', version: 1.5, policy: '' })).toEqual({ app: 'hello', version: '1.5' })
  })
})

describe('facts', () => {
  test('say what the engine did', () => {
    const released = [{ hop: '1.3.0' }, { hop: '1.4.0' }, { hop: '1.4.0' }]
    expect(factWords({ type: 'TargetsReleased', data: { wave: 2, targets: released } })).toBe(
      'released 3 targets of wave 2 to 1.3.0, 1.4.0',
    )
    expect(factWords({ type: 'TargetsSettled', data: { class: 'rolled_back', reason: '', targets: ['a'] } })).toBe(
      'settled 1 target as rolled back',
    )
    expect(factWords({ type: 'WaveHeld', data: { wave: 1, holds: ['gate.sample', 'target.offline'] } })).toBe(
      'found wave 1 held by gate.sample, target.offline',
    )
    expect(factWords({ type: 'WaveHeld', data: { wave: 1, holds: [] } })).toBe('found wave 1 held no more')
    expect(factWords({ type: 'TargetsPlaced', data: { wave: 1, targets: ['a', 'b'], late: true } })).toBe(
      'placed 2 targets in wave 1, late',
    )
  })

  test('say why it was halted, by whatever', () => {
    const tally = { succeeded: 2, failed: 1, lost: 1 }
    const gate = { by: 'gate', rule: 'max_failure_percent', wave: 2, tally }
    expect(factWords({ type: 'RolloutHalted', data: { cause: gate } })).toBe(
      'halted it at wave 2, as the share of failed and lost is too large (2 succeeded, 1 failed, 1 lost)',
    )
    expect(factWords({ type: 'RolloutHalted', data: { cause: { by: 'person', reason: 'too fast' } } })).toBe(
      'halted it: too fast',
    )
    expect(factWords({ type: 'RolloutHalted', data: { cause: { by: 'release_demoted', channel: 'stable' } } })).toBe(
      'halted it, as the release left the channel stable',
    )
  })

  test('of a type that is not known, or with nothing in them, break nothing', () => {
    expect(factWords({ type: 'SomethingNew', data: null })).toBe('SomethingNew')
    expect(factWords({ type: 'RolloutHalted', data: null })).toBe('halted it')
    expect(factWords({ type: 'TargetsReleased', data: 'odd' })).toMatch(/^released 0 targets/)
  })
})

describe('a wish', () => {
  const wish: Wish = {
    application: 'hello',
    version: '1.4.0',
    policy: 'careful',
    name: ' ',
    customers: [],
    labels: '',
    notBefore: '',
  }

  test('without a scope is for all', () => {
    expect(isWhole(wish)).toBe(true)
    expect(isWhole({ ...wish, policy: '' })).toBe(false)
    expect(wanted(wish)).toEqual({
      application: 'hello',
      version: '1.4.0',
      policyName: 'careful',
      name: null,
      scope: null,
    })
  })

  test('is the same in the command line', () => {
    const narrow = { ...wish, name: 'night', customers: ['globex'], labels: 'ring=early\nspare' }
    expect(wanted(narrow).scope).toEqual({
      customers: ['globex'],
      labels: [
        { key: 'ring', value: 'early' },
        { key: 'spare', value: '' },
      ],
    })
    expect(argumentsOf(narrow, 'abc').join(' ')).toBe(
      '--app hello --version 1.4.0 --policy careful --name night --customer globex --label ring=early --label spare= --plan abc',
    )
  })

  test('has an instant only if one was typed', () => {
    expect(instantOf('')).toBe(null)
    expect(instantOf('nonsense')).toBe(null)
    expect(instantOf('2026-12-24T10:00')).toMatch(/^2026-12-2\dT\d\d:\d\d:00Z$/)
  })
})
