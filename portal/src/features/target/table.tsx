// Targets as rows, wherever they are listed.
import type { SortOrder, TargetSort, TargetState } from '../../gql/graphql'
import { To, usePlaces } from '../../shell/places'
import { Unknown } from '../../ui/page-states'
import { type Column, type Sorting, Table } from '../../ui/table'
import { DeployHere } from '../deployment/deploy-here'
import { useWhoIsThere } from '../session/viewer'
import { useTargetColumns } from './columns'
import type { Row } from './queries'
import { hasWhy, Running, Why } from './running'
import { useStateOf } from './state-now'

type Props = {
  rows: Row[]
  states?: TargetState[] | undefined
  order?: { sort: TargetSort; order: SortOrder }
  /** if the whole list can be put in another order */
  sort?: (sort: TargetSort, desc?: true) => void
}

export function FleetTable({ rows, states, order, sort }: Props) {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const stateOf = useStateOf()
  const sorting = (by: TargetSort, first?: true): Sorting | undefined => {
    if (!sort) return undefined
    const isOn = order?.sort === by
    const isDescending = order?.order === 'DESCENDING'
    const turned = isDescending ? undefined : true
    return {
      now: isOn ? (isDescending ? 'descending' : 'ascending') : undefined,
      turn: () => sort(by, isOn ? turned : first),
    }
  }
  const customer: Column<Row> = {
    name: 'Customer',
    sort: sorting('CUSTOMER'),
    isText: true,
    cell: row => <To place={places.customer?.(row.customer.name)}>{row.customer.displayName}</To>,
  }
  const own = useTargetColumns()
  const columns: Column<Row>[] = [
    { ...own.state, sort: sorting('ATTENTION') },
    { ...own.name, sort: sorting('NAME') },
    ...(viewer.customer ? [] : [customer]),
    { name: 'Running', cell: row => <Running deployments={row.deployments} /> },
    {
      name: 'Why',
      isText: true,
      isBlank: row => !hasWhy(row.deployments),
      cell: row => (
        <Why
          deployments={row.deployments}
          beside={({ application }, { version }) => (
            <DeployHere customer={row.customer.name} target={row.name} application={application} version={version} />
          )}
        />
      ),
    },
    {
      name: 'Agent',
      width: 'version',
      cell: row => row.agentVersion ?? <Unknown why="the agent has not reported yet" />,
    },
    { ...own.heard, sort: sorting('HEARD', true) },
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
