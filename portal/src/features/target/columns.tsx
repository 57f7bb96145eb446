// The columns that every list of targets has.
import { To, usePlaces } from '../../shell/places'
import { Fresh } from '../../ui/fresh'
import { Unknown } from '../../ui/page-states'
import { TargetStateBadge } from '../../ui/state'
import type { Column } from '../../ui/table'
import { Time } from '../../ui/time'
import type { Row } from './queries'
import { useStateOf } from './state-now'

export function useTargetColumns(): Record<'state' | 'name' | 'heard', Column<Row>> {
  const places = usePlaces()
  const stateOf = useStateOf()
  return {
    state: {
      name: 'State',
      width: 'state',
      cell: row => (
        <Fresh of={stateOf(row)}>
          <TargetStateBadge state={stateOf(row)} />
        </Fresh>
      ),
    },
    name: {
      name: 'Target',
      isText: true,
      cell: row => (
        <To className="name" place={places.target(row.customer.name, row.name)}>
          {row.name}
        </To>
      ),
    },
    heard: {
      name: 'Heard',
      width: 'time',
      isNumber: true,
      cell: row => (row.lastHeartbeatAt ? <Time at={row.lastHeartbeatAt} /> : <Unknown why="not heard from yet" />),
    },
  }
}
