// Rollouts as rows, wherever they are listed.
import { To, usePlaces } from '../../shell/places'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { useWhoIsThere } from '../session/viewer'
import type { Row } from './queries'
import { RolloutBadge } from './rollout-state'
import { total, waveWords } from './tally'
import { Tally } from './tally-bar'
import { KINDS } from './words'
import './rollout.css'

export function RolloutTable({ rows, ofOne = false }: { rows: Row[]; ofOne?: boolean }) {
  const places = usePlaces()
  const { viewer } = useWhoIsThere()
  const names = useMemberNames()
  const application: Column<Row> = {
    name: 'Application',
    isText: true,
    cell: ({ application: { name, displayName } }) => <To place={places.application?.(name)}>{displayName}</To>,
  }
  const by: Column<Row> = {
    name: 'Started by',
    isText: true,
    isBlank: ({ plannedBy }) => !plannedBy,
    cell: ({ plannedBy }) => (plannedBy ? <Actor actor={plannedBy} names={names} /> : 'the hub'),
  }
  const columns: Column<Row>[] = [
    { name: 'State', width: 'state', cell: ({ state }) => <RolloutBadge state={state} /> },
    {
      name: 'Rollout',
      isText: true,
      cell: ({ name, application }) => (
        <To className="name" place={places.rollout(application.name, name)}>
          {name}
        </To>
      ),
    },
    ...(ofOne ? [] : [application]),
    {
      name: 'Release',
      cell: ({ version, kind }) => (
        <>
          <span className="version">{version}</span>
          {kind === 'UPGRADE' ? null : <span className="muted"> {KINDS[kind]}</span>}
        </>
      ),
    },
    { name: 'Wave', cell: ({ waves }) => waveWords(waves) },
    {
      name: 'Targets',
      cell: ({ waves, startedAt }) => <Tally of={total(waves)} isPlaced={Boolean(startedAt)} />,
    },
    ...(viewer.customer ? [] : [by]),
    { name: 'When', width: 'time', isNumber: true, cell: row => <Time at={row.startedAt ?? row.plannedAt} /> },
  ]
  return <Table label="Rollouts" columns={columns} rows={rows} keyOf={({ id }) => id} />
}
