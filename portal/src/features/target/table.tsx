// Targets as rows, wherever they are listed.
import type { TargetState } from '../../gql/graphql'
import { To, usePlaces } from '../../shell/places'
import { Unknown } from '../../ui/page-states'
import { type Column, Table } from '../../ui/table'
import { useWhoIsThere } from '../session/viewer'
import { useTargetColumns } from './columns'
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
  const own = useTargetColumns()
  const columns: Column<Row>[] = [
    own.state,
    own.name,
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
    own.heard,
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
