// The fleet: what runs where, and what is wrong with it.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Plus, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { TargetState } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fresh } from '../../ui/fresh'
import { Page } from '../../ui/page'
import { Empty, EmptyFiltered, Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { TargetStateBadge } from '../../ui/state'
import { type Column, Pager, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useMay } from '../session/viewer'
import { type FleetAddress, filterOf, isFiltered, withoutStates } from './address'
import { FleetFilters } from './filters'
import { COUNTS, type Row, TARGETS, totalOf } from './queries'
import { RegisterDialog } from './register'
import { hasWhy, Running, Why } from './running'
import { useOverdue, useStateOf } from './state-now'
import { useFleetNews } from './use-fleet-news'

const PAGE = 100

export function TargetsPage() {
  const address = useSearch({ from: '/v/$organization/targets' })
  const navigate = useNavigate({ from: '/v/$organization/targets' })
  const [isRegistering, setRegistering] = useState(false)
  const mayRegister = useMay('MANAGE_TARGETS')
  const customer = address.customer ?? null
  const list = useLive(TARGETS, { customer, filter: filterOf(address), first: PAGE, after: address.after ?? null })
  const counted = useLive(COUNTS, { customer, filter: withoutStates(address) })
  useFleetNews(address.customer, counted.quietly)
  useOverdue(list.data?.targets.nodes, list.quietly)
  const counts = counted.data?.targetCounts
  const total = counts && totalOf(counts, address.state)
  const change = useChangedSince(list.data, total)
  const go = (search: FleetAddress, replace = false) => void navigate({ search, replace })
  const page = list.data?.targets
  const register = (
    <Allowed may={mayRegister} needs="the right to manage targets">
      <Button kind="primary" onClick={() => setRegistering(true)}>
        <Plus size={15} aria-hidden="true" /> Register target
      </Button>
    </Allowed>
  )
  return (
    <Page
      title="Targets"
      aside={total === undefined ? null : <Total total={total} of={counts?.total} />}
      actions={register}
    >
      <FleetFilters address={address} counts={counts} go={go} />
      {change ? (
        <Button className="pill" onClick={list.again}>
          <RefreshCw size={13} aria-hidden="true" /> The list changed · show
        </Button>
      ) : null}
      {list.error && !page ? <Failed error={list.error} again={list.again} /> : null}
      {list.isLoading ? <Loading rows={12} what="the targets" /> : null}
      {page && page.nodes.length > 0 ? (
        <>
          <FleetTable rows={page.nodes} states={address.state} />
          <Pager
            from={address.from ?? 0}
            shown={page.nodes.length}
            total={total}
            hasNext={page.pageInfo.hasNextPage}
            next={() => go({ ...address, after: page.pageInfo.endCursor ?? '', from: (address.from ?? 0) + PAGE })}
            first={() => go({ ...address, after: undefined, from: undefined } as FleetAddress)}
          />
        </>
      ) : null}
      {page?.nodes.length === 0 && isFiltered(address) ? <EmptyFiltered what="targets" clear={() => go({})} /> : null}
      {page?.nodes.length === 0 && !isFiltered(address) ? (
        <Empty
          title="No targets yet"
          line={commandLine('distr', 'target', 'create', 'factory', '--customer', 'globex')}
        >
          A target is a machine of a customer, with an agent that runs your releases there.
        </Empty>
      ) : null}
      {page && page.nodes.length > 0 ? (
        <SameInCli
          line={commandLine('distr', 'fleet', address.customer !== undefined && '--customer', address.customer)}
        />
      ) : null}
      {isRegistering ? (
        <RegisterDialog close={() => setRegistering(false)} done={list.again} customer={address.customer} />
      ) : null}
    </Page>
  )
}

/** How many there are now, beside how many there were when this page of the list was read. */
function useChangedSince(read: unknown, total: number | undefined): boolean {
  const [then, setThen] = useState<{ read: unknown; total: number | undefined }>({ read, total })
  useEffect(() => {
    if (then.read !== read || then.total === undefined) setThen({ read, total })
  }, [read, total, then])
  return then.read === read && then.total !== undefined && total !== undefined && then.total !== total
}

function Total({ total, of }: { total: number; of: number | undefined }) {
  const words =
    of !== undefined && of !== total ? `${total.toLocaleString()} of ${of.toLocaleString()}` : total.toLocaleString()
  return <span className="total">{words}</span>
}

export function FleetTable({ rows, states }: { rows: Row[]; states?: TargetState[] | undefined }) {
  const { organization = '' } = useParams({ strict: false })
  const stateOf = useStateOf()
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
        <Link
          className="name"
          to="/v/$organization/targets/$customer/$target"
          params={{ organization, customer: row.customer.name, target: row.name }}
        >
          {row.name}
        </Link>
      ),
    },
    {
      name: 'Customer',
      isText: true,
      cell: row => (
        <Link to="/v/$organization/customers/$customer" params={{ organization, customer: row.customer.name }}>
          {row.customer.displayName}
        </Link>
      ),
    },
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
    <Table className="is-fleet" label="Targets" columns={columns} rows={rows} keyOf={row => row.id} classOf={left} />
  )
}
