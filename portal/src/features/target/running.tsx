// What runs on a target, application by application: what is there, and what is asked for if that is something else.
import { ArrowRight, Repeat, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Unknown } from '../../ui/page-states'
import { type Floor, isMarked } from '../deployment/floor'
import { Marks } from '../deployment/marks'
import type { Row } from './queries'

type Deployment = Row['deployments'][number]

export function Running({ deployments }: { deployments: Deployment[] }) {
  if (deployments.length === 0) return <span className="muted">nothing deployed</span>
  return (
    <span className="running">
      {deployments.map(deployment => (
        <span key={deployment.id} className="running-one">
          <span className="muted">{deployment.application.name}</span> <Version of={deployment} />
          <Remarks of={deployment} />
        </span>
      ))}
    </span>
  )
}

/** What a version and a state do not tell: changed by hand, or not to be pinned down. */
export function Remarks({ of: { drift, isFlapping } }: { of: Pick<Deployment, 'drift' | 'isFlapping'> }) {
  return (
    <>
      {drift ? (
        <span className="drift" title={drift}>
          <TriangleAlert size={13} aria-hidden="true" />
          drift
        </span>
      ) : null}
      {isFlapping ? (
        <span className="drift" title={FLAPPING}>
          <Repeat size={13} aria-hidden="true" />
          flapping
        </span>
      ) : null}
    </>
  )
}

export const FLAPPING =
  'Its reports change too often for each to be told: what is shown is up to three minutes old, until it was quiet for a quarter of an hour.'

export function Version({ of }: { of: Pick<Deployment, 'runningVersion' | 'desiredVersion' | 'phase'> }) {
  const { runningVersion: running, desiredVersion: wanted } = of
  if (running === wanted) return <span className="version">{running}</span>
  return (
    <span className="version">
      {running ?? <Unknown why="nothing is known to run" />}
      <ArrowRight size={12} aria-label="is to become" />
      {of.phase === 'REMOVING' ? 'removed' : wanted}
    </span>
  )
}

export function hasWhy(deployments: Deployment[]): boolean {
  return hasNews(deployments) || deployments.some(isMarked)
}

type WhyProps = { deployments: Deployment[]; beside: (deployment: Deployment, floor: Floor) => ReactNode }

/** The worst of what is wrong, in one line; then what should not stay as it is, with the deed that mends it. */
export function Why({ deployments, beside }: WhyProps) {
  const isAny = deployments.some(isMarked)
  return (
    <>
      {isAny && !hasNews(deployments) ? null : <News deployments={deployments} />}
      <Marks of={deployments} beside={beside} />
    </>
  )
}

function hasNews(deployments: Deployment[]): boolean {
  return deployments.some(({ error, phase, step }) => error || (phase === 'PROGRESSING' && step))
}

function News({ deployments }: { deployments: Deployment[] }) {
  const wrong = deployments.find(deployment => deployment.error)
  if (wrong?.error) {
    const { category, text } = wrong.error
    return (
      <span className="why-news" title={text}>
        {category ? <span className="category">{category.toLowerCase()}</span> : null} {text}
      </span>
    )
  }
  const moving = deployments.find(deployment => deployment.phase === 'PROGRESSING' && deployment.step)
  if (moving?.step) return <span className="muted">{moving.step.toLowerCase()}</span>
  return <span className="muted">—</span>
}
