// The fleet: what runs where, and what is wrong with it.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { TargetSort } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { usePlaces } from '../../shell/places'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Choice } from '../../ui/field'
import { Page } from '../../ui/page'
import { Empty, EmptyFiltered, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Pager } from '../../ui/table'
import { useMay } from '../session/viewer'
import { type FleetAddress, filterOf, isFiltered, orderOf, SORTS, sorted, withoutStates } from './address'
import { ExportButton } from './export'
import { FleetFilters } from './filters'
import { COUNTS, TARGETS, totalOf } from './queries'
import { RegisterDialog } from './register'
import { useOverdue } from './state-now'
import { FleetTable } from './table'
import { useFleetNews } from './use-fleet-news'

const PAGE = 100

export function TargetsPage() {
  const address = useSearch({ strict: false }) as FleetAddress
  const navigate = useNavigate()
  const { root } = usePlaces()
  const [isRegistering, setRegistering] = useState(false)
  const mayRegister = useMay('MANAGE_TARGETS')
  const customer = address.customer ?? null
  const order = orderOf(address)
  const list = useLive(TARGETS, {
    customer,
    filter: filterOf(address),
    ...order,
    first: PAGE,
    after: address.after ?? null,
  })
  const counted = useLive(COUNTS, { customer, filter: withoutStates(address) })
  useFleetNews(address.customer, counted.quietly)
  useOverdue(list.data?.targets.nodes, list.quietly)
  const counts = counted.data?.targetCounts
  const total = counts && totalOf(counts, address.state)
  const change = useChangedSince(list.data, total)
  const go = (search: FleetAddress, replace = false) =>
    void navigate({ to: `${root}/targets`, search: search as never, replace })
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
      actions={
        <>
          {page && page.nodes.length > 0 ? (
            <ExportButton customer={customer} filter={filterOf(address)} {...order} />
          ) : null}
          {register}
        </>
      }
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
          <Sort address={address} go={go} />
          <FleetTable
            rows={page.nodes}
            states={address.state}
            order={order}
            sort={(sort, desc) => go(sorted(address, sort, desc))}
          />
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
          looksBack
          line={commandLine(
            'distr',
            'fleet',
            address.customer !== undefined && '--customer',
            address.customer,
            ...(address.label ?? []).flatMap(label => ['--label', label]),
          )}
        />
      ) : null}
      {isRegistering ? (
        <RegisterDialog close={() => setRegistering(false)} done={list.again} customer={address.customer} />
      ) : null}
    </Page>
  )
}

/** For small screens, where columns have no heads. */
function Sort({ address, go }: { address: FleetAddress; go: (address: FleetAddress) => void }) {
  return (
    <div className="sort-choice">
      <Choice
        label="Sorted by"
        value={address.sort ?? 'NAME'}
        onChange={({ target: { value } }) => go(sorted(address, value as TargetSort, SORTS[value as TargetSort].desc))}
      >
        {Object.entries(SORTS).map(([sort, { word }]) => (
          <option key={sort} value={sort}>
            {word}
          </option>
        ))}
      </Choice>
    </div>
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
