// How many deployments run something older than a required release. The hub counts; what no agent has reported yet is counted apart.
import { Link } from '@tanstack/react-router'
import { ChevronsUp, CircleCheck } from 'lucide-react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { usePlaces } from '../../shell/places'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { compareVersions } from '../analytics/series'
import type { Release } from './release'

const RUNNING = graphql(`
  query BelowRelease($application: Name!) {
    analytics(application: $application, days: 1) {
      running { deployments unknown versions { version deployments } }
    }
  }
`)

export function BelowIt({ release: { application, version } }: { release: Release }) {
  const { root } = usePlaces()
  const { data, error, isLoading, again } = useLive(RUNNING, { application: application.name })
  const running = data?.analytics.running
  const fleet = (
    <Link to={`${root}/targets` as string} search={{ app: application.name } as never}>
      All targets with {application.displayName}
    </Link>
  )
  return (
    <Panel title="Below it" aside={fleet}>
      {error && !running ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="what runs" rows={1} /> : null}
      {running ? <Count version={version} of={running} /> : null}
    </Panel>
  )
}

type Running = { deployments: number; unknown: number; versions: { version: string; deployments: number }[] }

function Count({ version, of: { deployments: all, unknown, versions } }: { version: string; of: Running }) {
  const older = versions.filter(one => compareVersions(one.version, version) < 0)
  const below = older.reduce((sum, { deployments }) => sum + deployments, 0)
  if (all === 0) return <p className="muted">The application is on no target.</p>
  return (
    <>
      {below === 0 ? (
        <p className="all-well">
          <CircleCheck size={16} aria-hidden="true" /> Nothing is known to run that is older.
        </p>
      ) : (
        <>
          <p className="remark">
            <ChevronsUp size={16} aria-hidden="true" />
            <span>
              <strong>
                {below.toLocaleString()} of {all.toLocaleString()}
              </strong>{' '}
              {all === 1 ? 'deployment' : 'deployments'} {below === 1 ? 'runs' : 'run'} an older release
            </span>
          </p>
          <ul className="tags below-versions" aria-label="Older releases that run">
            {older.map(one => (
              <li key={one.version}>
                <span className="version">{one.version}</span> on {one.deployments.toLocaleString()}
              </li>
            ))}
          </ul>
        </>
      )}
      {unknown > 0 ? <p className="muted">Of {unknown.toLocaleString()} no agent has said yet what runs.</p> : null}
    </>
  )
}
