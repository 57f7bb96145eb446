// The counts of waves in words, and which wave has its turn.
import type { Wave } from './queries'

export type Counts = Pick<Wave, 'members' | 'waiting' | 'inFlight' | 'succeeded' | 'failed' | 'lost' | 'apart'>

const NONE: Counts = { members: 0, waiting: 0, inFlight: 0, succeeded: 0, failed: 0, lost: 0, apart: 0 }
const KEYS = Object.keys(NONE) as (keyof Counts)[]

export function total(waves: readonly Counts[]): Counts {
  const sum = { ...NONE }
  for (const wave of waves) for (const key of KEYS) sum[key] += wave[key]
  return sum
}

/** The wave that is open or comes next; nothing once all are done. */
export function currentWave<Of extends Pick<Wave, 'state'>>(waves: readonly Of[]): Of | undefined {
  return waves.find(({ state }) => state !== 'PASSED' && state !== 'SKIPPED')
}

/** `12 of 40 succeeded, 3 in flight`: what is none is left out, but for the successes. */
export function tallyWords(counts: Counts): string {
  const { members, succeeded, ...rest } = counts
  if (members === 0) return 'no targets'
  const parts: [number, string][] = [
    [rest.inFlight, 'in flight'],
    [rest.failed, 'failed'],
    [rest.lost, 'lost'],
    [rest.apart, 'settled otherwise'],
    [rest.waiting, 'waiting'],
  ]
  const some = parts.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString('en')} ${word}`)
  return [`${succeeded.toLocaleString('en')} of ${members.toLocaleString('en')} succeeded`, ...some].join(', ')
}

/** Where a rollout is: `wave 2 of 4, tenth`. */
export function waveWords(waves: readonly Pick<Wave, 'state' | 'number' | 'name'>[]): string {
  const current = currentWave(waves)
  if (!current) return waves.length === 1 ? 'the wave is done' : `all ${waves.length} waves are done`
  return `wave ${current.number} of ${waves.at(-1)?.number ?? waves.length}, ${current.name}`
}
