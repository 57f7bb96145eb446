// Marks of what should not stay as it is: below a required release, deprecated, revoked. Each has a shape and words beside its colour.
import { ChevronsUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { ReleaseBadge } from '../../ui/state'
import './marks.css'
import { type Below, type Floor, floorOf, floorWords, standingWords } from './floor'

type MarkProps = {
  floor: Floor
  /** of which application, where there are several */
  name?: string | undefined
  /** what stands beside it */
  children?: ReactNode
}

export function FloorMark({ floor, name, children }: MarkProps) {
  const words = floorWords(floor)
  return (
    <span className="remark">
      <ChevronsUp size={14} aria-hidden="true" />
      <span className="remark-words" title={words}>
        {name ? `${name} ` : ''}
        <FloorWords floor={floor} />
      </span>
      {floor.isAskedFor ? <span className="remark-more">asked for already</span> : children}
    </span>
  )
}

/** The version stays apart from the reason, which may be long. */
export function FloorWords({ floor: { version, reason } }: { floor: Pick<Floor, 'version' | 'reason'> }) {
  return (
    <>
      <strong>below {version}</strong>, which is required: {reason}
    </>
  )
}

/** As a sentence by itself, with what mends it. */
export function FloorNote({ floor, what, children }: { floor: Floor; what?: string; children?: ReactNode }) {
  return (
    <div className="note">
      <ChevronsUp size={16} aria-hidden="true" />
      <span className="note-words">
        {floor.isAskedFor ? 'What runs is ' : `${what ?? 'What is asked for is'} `}
        <FloorWords floor={floor} />
        {floor.isAskedFor ? <span className="muted"> · asked for already</span> : null}
      </span>
      {floor.isAskedFor ? null : children}
    </div>
  )
}

/** Where there is no room for the reason. */
export function ShortFloorMark({ version, name }: { version: string; name?: string | undefined }) {
  return (
    <span className="remark" title={`${version} is required`}>
      <ChevronsUp size={14} aria-hidden="true" />
      <strong>
        {name ? `${name} ` : ''}below {version}
      </strong>
    </span>
  )
}

/** A release that should not be used, with the reason. */
export function StandingMark({ release, name }: { release: Below['release']; name?: string | undefined }) {
  const words = standingWords(release)
  if (!words) return null
  return (
    <span className="remark">
      <ReleaseBadge status={release.status} />
      <span className="remark-words" title={words}>
        {name ? `${name} ` : ''}
        {release.version}
        {release.reason ? `: ${release.reason}` : ''}
      </span>
    </span>
  )
}

type Marked = Below & { id: string; application: { displayName: string } }

/** All of a target, a line for each; `beside` is the deed that mends it. */
export function Marks<Of extends Marked>({
  of,
  beside,
}: {
  of: Of[]
  beside?: (deployment: Of, floor: Floor) => ReactNode
}) {
  return of.map(deployment => {
    if (deployment.removal) return null
    const floor = floorOf(deployment)
    const name = of.length > 1 ? deployment.application.displayName : undefined
    return (
      <div key={deployment.id} className="remarks">
        {floor ? (
          <FloorMark floor={floor} name={name}>
            {beside?.(deployment, floor)}
          </FloorMark>
        ) : null}
        <StandingMark release={deployment.release} name={name} />
      </div>
    )
  })
}
