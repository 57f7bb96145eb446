// States by shape, word and colour: never by colour alone.
import type { DeploymentPhase, LicenseStatus, ReleaseStatus, TargetState } from '../gql/graphql'

export const STATES: TargetState[] = ['FAILED', 'HELD', 'OFFLINE', 'STALE', 'PROGRESSING', 'OK', 'UNKNOWN']
export type Shape = 'ok' | 'progressing' | 'held' | 'failed' | 'stale' | 'offline' | 'unknown' | 'none'

const WORDS: Record<TargetState, string> = {
  OK: 'ok',
  PROGRESSING: 'progressing',
  HELD: 'held',
  FAILED: 'failed',
  STALE: 'stale',
  OFFLINE: 'offline',
  UNKNOWN: 'unknown',
}

export const MEANINGS: Record<TargetState, string> = {
  OK: 'all that was asked for runs healthily',
  PROGRESSING: 'on the way to what was asked for',
  HELD: 'the host holds something until somebody there agrees',
  FAILED: 'something failed or is unhealthy',
  STALE: 'missed a few heartbeats; what is shown may be old',
  OFFLINE: 'missed so many heartbeats that it counts as away',
  UNKNOWN: 'never heard from',
}

export const shapeOf = (state: TargetState) => WORDS[state] as Shape
export const wordOf = (state: TargetState) => WORDS[state]

export function StateIcon({ shape }: { shape: Shape }) {
  return (
    <svg className={`state-icon is-${shape}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {DRAWINGS[shape]}
    </svg>
  )
}

const line = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 2,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const
const DRAWINGS: Record<Shape, React.ReactNode> = {
  ok: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M5 8.2 7.2 10.4 11 6" {...line} stroke="var(--bg)" />
    </>
  ),
  progressing: (
    <>
      <path d="M8 2a6 6 0 1 1-6 6" {...line} />
      <path d="M8 5v6M5.6 8.8 8 11.2l2.4-2.4" {...line} strokeWidth={1.6} />
    </>
  ),
  held: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="4" {...line} />
      <path d="M6.2 5.6v4.8M9.8 5.6v4.8" {...line} />
    </>
  ),
  failed: (
    <>
      <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="currentColor" />
      <path d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" {...line} stroke="var(--bg)" />
    </>
  ),
  stale: (
    <>
      <circle cx="8" cy="8" r="6" {...line} strokeWidth={1.8} strokeDasharray="2.4 2.6" />
      <path d="M8 4.8V8l2.2 1.4" {...line} strokeWidth={1.6} />
    </>
  ),
  offline: (
    <>
      <circle cx="8" cy="8" r="6" {...line} />
      <path d="M3.8 12.2 12.2 3.8" {...line} />
    </>
  ),
  unknown: (
    <>
      <rect x="1.8" y="1.8" width="12.4" height="12.4" rx="1" {...line} strokeWidth={1.6} strokeDasharray="1.2 2.6" />
      <path d="M6.2 6.4a1.8 1.8 0 1 1 2.6 1.7c-.6.3-.8.6-.8 1.2M8 11.6v.1" {...line} strokeWidth={1.5} />
    </>
  ),
  none: <circle cx="8" cy="8" r="5.5" {...line} strokeWidth={1.5} />,
}

export function State({ shape, word, since }: { shape: Shape; word: string; since?: React.ReactNode }) {
  return (
    <span className={`state is-${shape}`}>
      <StateIcon shape={shape} />
      <span className="state-word">{word}</span>
      {since ? <span className="state-since">{since}</span> : null}
    </span>
  )
}

export function TargetStateBadge({ state, since }: { state: TargetState; since?: React.ReactNode }) {
  return <State shape={shapeOf(state)} word={wordOf(state)} since={since} />
}

const PHASES: Record<DeploymentPhase, [Shape, string]> = {
  ABSENT: ['none', 'absent'],
  PROGRESSING: ['progressing', 'progressing'],
  HEALTHY: ['ok', 'healthy'],
  UNHEALTHY: ['failed', 'unhealthy'],
  FAILED: ['failed', 'failed'],
  HELD: ['held', 'held'],
  REMOVING: ['progressing', 'removing'],
  REMOVED: ['none', 'removed'],
}

export function PhaseBadge({ phase, since }: { phase: DeploymentPhase; since?: React.ReactNode }) {
  const [shape, word] = PHASES[phase]
  return <State shape={shape} word={word} since={since} />
}

const RELEASES: Record<ReleaseStatus, [Shape, string]> = {
  DRAFT: ['none', 'draft'],
  PUBLISHED: ['ok', 'published'],
  DEPRECATED: ['stale', 'deprecated'],
  REVOKED: ['failed', 'revoked'],
}

export function ReleaseBadge({ status }: { status: ReleaseStatus }) {
  const [shape, word] = RELEASES[status]
  return <State shape={shape} word={word} />
}

const LICENSES: Record<LicenseStatus, [Shape, string]> = {
  ACTIVE: ['ok', 'active'],
  NOT_YET_ACTIVE: ['none', 'not yet active'],
  EXPIRED: ['offline', 'expired'],
  SUSPENDED: ['held', 'suspended'],
  REVOKED: ['failed', 'revoked'],
}

export function LicenseBadge({ status }: { status: LicenseStatus }) {
  const [shape, word] = LICENSES[status]
  return <State shape={shape} word={word} />
}
