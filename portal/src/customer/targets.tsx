// A customer's targets as rows: what runs, and what is newest for it.

import { Marks } from '../features/deployment/marks'
import { useMay } from '../features/session/viewer'
import { useTargetColumns } from '../features/target/columns'
import type { Row } from '../features/target/queries'
import { Remarks, Version } from '../features/target/running'
import { useMoment } from '../live/moment'
import { To, usePlaces } from '../shell/places'
import { Unknown } from '../ui/page-states'
import { type Column, Table } from '../ui/table'
import { newestOf, type Offered, updateOf } from './offers'

/** What is offered may not be read yet. */
export function CustomerTargets({ rows, applications }: { rows: Row[]; applications: Offered[] | undefined }) {
  const places = usePlaces()
  const mayDeploy = useMay('DEPLOY')
  const own = useTargetColumns()
  // what is offered is a matter of now
  const isPast = useMoment() !== undefined
  const newest: Column<Row> = {
    name: 'Newest for you',
    isBlank: row => row.deployments.length === 0,
    cell: row => (
      <ul className="stacked">
        {row.deployments.map(({ id, application, desiredVersion, phase }) => {
          const offered = applications?.find(one => one.id === application.id)
          const update = phase === 'REMOVED' || phase === 'REMOVING' ? undefined : updateOf(offered, desiredVersion)
          const newest = newestOf(offered)
          return (
            <li key={id}>
              <span className="version">
                {newest?.version ?? <Unknown why={applications ? 'no release is open to you' : 'not read yet'} />}
              </span>
              {update && mayDeploy ? (
                <To className="button is-quiet" place={`${places.root}/update/${row.name}/${application.name}`}>
                  Update…
                  <span className="unseen">
                    {' '}
                    {application.displayName} on {row.name}
                  </span>
                </To>
              ) : null}
            </li>
          )
        })}
      </ul>
    ),
  }
  const columns: Column<Row>[] = [
    own.state,
    own.name,
    {
      name: 'Running',
      cell: row => (
        <ul className="stacked">
          {row.deployments.map(deployment => (
            <li key={deployment.id}>
              <span className="muted">{deployment.application.displayName}</span> <Version of={deployment} />{' '}
              <Remarks of={deployment} />
              <Marks of={[deployment]} />
            </li>
          ))}
          {row.deployments.length === 0 ? <li className="muted">nothing yet</li> : null}
        </ul>
      ),
    },
    ...(isPast ? [] : [newest]),
    own.heard,
  ]
  return <Table label="Targets" columns={columns} rows={rows} keyOf={row => row.id} />
}
