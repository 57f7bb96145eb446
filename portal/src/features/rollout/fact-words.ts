// The facts of a rollout as sentences, from what the log holds of them. A type that is not known is said by its own name.
import { sentence } from '../activity/sentences'

type Fact = { type: string; data: unknown }
type Data = Record<string, unknown>

const RULES: Record<string, string> = {
  max_failures: 'as more targets failed or were lost than are tolerated',
  max_failure_percent: 'as the share of failed and lost is too large',
  max_unknown_percent: 'as the share of lost is too large',
}
const MOST_NAMED = 3

const data = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {})
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const targets = (count: number) => (count === 1 ? '1 target' : `${count.toLocaleString('en')} targets`)
const because = (reason: unknown) => (typeof reason === 'string' && reason ? `: ${reason}` : '')
const word = (value: unknown) => String(value).replaceAll('_', ' ')
const stage = (value: unknown) => (value === 0 ? 'the start' : `wave ${value}`)

function tally(value: unknown): string {
  const { succeeded, failed, lost } = data(value)
  return `${succeeded ?? 0} succeeded, ${failed ?? 0} failed, ${lost ?? 0} lost`
}

function cause(value: unknown): string {
  const { by, rule, wave, tally: counts, reason, channel } = data(value)
  if (by === 'gate') return `halted it at wave ${wave}, ${RULES[String(rule)] ?? word(rule)} (${tally(counts)})`
  if (by === 'release_revoked') return `halted it, as the release was revoked${because(reason)}`
  if (by === 'release_demoted') return `halted it, as the release left the channel ${channel}`
  return `halted it${because(reason)}`
}

/** To which versions; a required release on the way is one of its own. */
function hops(starts: unknown): string {
  const versions = [...new Set(list(starts).map(start => String(data(start).hop)))]
  return versions.slice(0, MOST_NAMED).join(', ') + (versions.length > MOST_NAMED ? ' and others' : '')
}

const WORDS: Record<string, (facts: Data) => string> = {
  RolloutPlanned: ({ plan }) => `planned it for ${targets(Number(data(plan).members ?? 0))}`,
  RolloutApproved: facts => `approved ${stage(facts.stage)}`,
  RolloutApprovalRefused: facts => `refused ${stage(facts.stage)}${because(facts.reason)}`,
  RolloutApprovalLapsed: facts =>
    `found an approval of ${stage(facts.stage)} to count no more, as its giver may not give it any longer`,
  RolloutStarted: () => 'started it',
  TargetsPlaced: facts =>
    `placed ${targets(list(facts.targets).length)} in wave ${facts.wave}${facts.late === true ? ', late' : ''}`,
  TargetsLeft: facts => `took ${targets(list(facts.targets).length)} out, as they are there no more`,
  WaveOpened: ({ wave }) => `opened wave ${wave}`,
  WaveHeld: ({ wave, holds }) =>
    list(holds).length > 0 ? `found wave ${wave} held by ${list(holds).join(', ')}` : `found wave ${wave} held no more`,
  WaveSoaking: ({ wave }) => `let wave ${wave} soak`,
  WavePassed: ({ wave, tally: counts }) => `passed wave ${wave} (${tally(counts)})`,
  WaveSkipped: ({ wave, reason }) => `skipped wave ${wave}${because(reason)}`,
  TargetsReleased: facts =>
    `released ${targets(list(facts.targets).length)} of wave ${facts.wave} to ${hops(facts.targets)}`,
  TargetsSettled: facts =>
    `settled ${targets(list(facts.targets).length)} as ${word(facts.class)}${because(facts.reason)}`,
  TargetsAmended: facts =>
    `amended ${targets(list(facts.targets).length)} from ${word(facts.from)} to ${word(facts.to)}${because(facts.reason)}`,
  TargetsWithdrawn: facts => `withdrew ${targets(list(facts.targets).length)} that no agent had begun`,
  RolloutAdjusted: () => 'set other limits',
  RolloutPaused: ({ reason }) => `paused it${because(reason)}`,
  RolloutHalted: facts => cause(facts.cause),
  RolloutResumed: ({ reason }) => `resumed it${because(reason)}`,
  RolloutTailing: () => 'passed all waves, and keeps it open for those that come back',
  RolloutCompleted: ({ tally: counts }) => `completed it (${tally(counts)})`,
  RolloutAborted: ({ reason }) => `aborted it${because(reason)}`,
  RolloutSuperseded: () => 'gave it up for a newer rollout',
}

export function factWords({ type, data: facts }: Fact): string {
  return WORDS[type]?.(data(facts)) ?? sentence({ type, data: {} }).verb
}
