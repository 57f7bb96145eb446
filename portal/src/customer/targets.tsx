// A customer's targets as rows: what runs, and what is newest for it.

import { useMay } from '../features/session/viewer'
import type { Row } from '../features/target/queries'
import { Version } from '../features/target/running'
import { useStateOf } from '../features/target/state-now'
import { To, usePlaces } from '../shell/places'
import { Fresh } from '../ui/fresh'
import { Unknown } from '../ui/page-states'
import { TargetStateBadge } from '../ui/state'
import { type Column, Table } from '../ui/table'
import { Time } from '../ui/time'
import { newestOf, type Offered, updateOf } from './offers'

/** What is offered may not be read yet. */
export function CustomerTargets({ rows, applications }: { rows: Row[]; applications: Offered[] | undefined }) {
  const places = usePlaces()
  const stateOf = useStateOf()
  const mayDeploy = useMay('DEPLOY')
  const columns: Column<Row>[] = [
    {
      name: 'State',
      width: 'state',
      cell: row => (
        <Fresh of={stateOf(row)}>
          <TargetStateBadge state={stateOf(row)} />
        </Fresh>
      ),
    },
    {
      name: 'Target',
      isText: true,
      cell: row => (
        <To className="name" place={places.target(row.customer.name, row.name)}>
          {row.name}
        </To>
      ),
    },
    {
      name: 'Running',
      cell: row => (
        <ul className="stacked">
          {row.deployments.map(deployment => (
            <li key={deployment.id}>
              <span className="muted">{deployment.application.displayName}</span> <Version of={deployment} />
            </li>
          ))}
          {row.deployments.length === 0 ? <li className="muted">nothing yet</li> : null}
        </ul>
      ),
    },
    {
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
    },
    {
      name: 'Heard',
      width: 'time',
      isNumber: true,
      cell: row => (row.lastHeartbeatAt ? <Time at={row.lastHeartbeatAt} /> : <Unknown why="not heard from yet" />),
    },
  ]
  return <Table label="Targets" columns={columns} rows={rows} keyOf={row => row.id} />
}
