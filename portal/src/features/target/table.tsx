// Targets as rows, wherever they are listed.
import type { TargetState } from '../../gql/graphql'
import { To, usePlaces } from '../../shell/places'
import { Fresh } from '../../ui/fresh'
import { Unknown } from '../../ui/page-states'
import { TargetStateBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'
import type { Row } from './queries'
import { hasWhy, Running, Why } from './running'
import { useStateOf } from './state-now'

export function FleetTable({ rows, states }: { rows: Row[]; states?: TargetState[] | undefined }) {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const stateOf = useStateOf()
  const customer: Column<Row> = {
    name: 'Customer',
    isText: true,
    cell: row => <To place={places.customer?.(row.customer.name)}>{row.customer.displayName}</To>,
  }
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
    ...(viewer.customer ? [] : [customer]),
    { name: 'Running', cell: row => <Running deployments={row.deployments} /> },
    {
      name: 'Why',
      isText: true,
      isBlank: row => !hasWhy(row.deployments),
      cell: row => <Why deployments={row.deployments} />,
    },
    {
      name: 'Agent',
      width: 'version',
      cell: row => row.agentVersion ?? <Unknown why="the agent has not reported yet" />,
    },
    {
      name: 'Heard',
      width: 'time',
      isNumber: true,
      cell: row => (row.lastHeartbeatAt ? <Time at={row.lastHeartbeatAt} /> : <Unknown why="not heard from yet" />),
    },
  ]
  const left = (row: Row) => (states && !states.includes(stateOf(row)) ? 'has-left' : undefined)
  return (
    <Table
      className={viewer.customer ? 'is-fleet is-own' : 'is-fleet'}
      label="Targets"
      columns={columns}
      rows={rows}
      keyOf={row => row.id}
      classOf={left}
    />
  )
}
