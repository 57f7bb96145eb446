// The rollouts, the newest first: what is on its way, and what was.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { To, usePlaces } from '../../shell/places'
import { Allowed } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, EmptyFiltered, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Pager } from '../../ui/table'
import { useMay, useWhoIsThere } from '../session/viewer'
import type { RolloutsAddress } from './address'
import { ROLLOUTS } from './queries'
import { RolloutTable } from './table'

const PAGE = 50
const OFTEN = 5_000
const WHICH = [
  [undefined, 'All'],
  ['open', 'Open'],
  ['ended', 'Ended'],
] as const

export default function RolloutsPage() {
  const { viewer } = useWhoIsThere()
  const { root } = usePlaces()
  const address = useSearch({ strict: false }) as RolloutsAddress
  const navigate = useNavigate()
  const mayStart = useMay('ROLL_OUT')
  const maySeePolicies = useMay('READ_ROLLOUT_PLANS')
  const { data, error, isLoading, again, quietly } = useLive(ROLLOUTS, {
    application: address.app ?? null,
    open: address.is ? address.is === 'open' : null,
    first: PAGE,
    after: address.after ?? null,
  })
  useNowAndThen(quietly, OFTEN)
  const page = data?.rollouts
  const go = (search: RolloutsAddress) => void navigate({ to: `${root}/rollouts`, search: search as never })
  const { after: _after, from: _from, ...filters } = address
  const isFiltered = Boolean(filters.app || filters.is)
  const choose = (is: RolloutsAddress['is']) => {
    const { is: _is, ...rest } = filters
    go(is ? { ...rest, is } : rest)
  }
  const actions = viewer.customer ? null : (
    <>
      {maySeePolicies ? (
        <To className="button" place={`${root}/rollout-policies`}>
          Policies
        </To>
      ) : null}
      <Allowed may={mayStart} needs="the right to start rollouts">
        <To className="button is-primary" place={`${root}/rollouts/new`}>
          Start a rollout…
        </To>
      </Allowed>
    </>
  )
  return (
    <Page title="Rollouts" actions={actions}>
      <div className="filters">
        <div className="facet" role="group" aria-label="Which">
          {WHICH.map(([is, word]) => (
            <button
              key={word}
              type="button"
              className="facet-value"
              aria-pressed={address.is === is}
              onClick={() => choose(is)}
            >
              {word}
            </button>
          ))}
        </div>
        {filters.app ? (
          <span className="chip">
            of {filters.app}
            <button
              type="button"
              className="chip-drop"
              aria-label={`Of all applications, not of ${filters.app} alone`}
              onClick={() => go(filters.is ? { is: filters.is } : {})}
            >
              ×
            </button>
          </span>
        ) : null}
      </div>
      {error && !page ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the rollouts" /> : null}
      {page && page.nodes.length > 0 ? (
        <>
          <RolloutTable rows={page.nodes} />
          <Pager
            from={address.from ?? 0}
            shown={page.nodes.length}
            total={undefined}
            hasNext={page.pageInfo.hasNextPage}
            next={() => go({ ...filters, after: page.pageInfo.endCursor ?? '', from: (address.from ?? 0) + PAGE })}
            first={() => go(filters)}
          />
        </>
      ) : null}
      {page?.nodes.length === 0 && isFiltered ? <EmptyFiltered what="rollouts" clear={() => go({})} /> : null}
      {page?.nodes.length === 0 && !isFiltered ? <None isCustomer={Boolean(viewer.customer)} /> : null}
      <SameInCli
        line={commandLine(
          'distr',
          'rollout',
          'list',
          filters.app !== undefined && '--app',
          filters.app,
          filters.is === 'open' && '--open',
        )}
      />
    </Page>
  )
}

function None({ isCustomer }: { isCustomer: boolean }) {
  const { viewer } = useWhoIsThere()
  if (isCustomer) {
    return (
      <Empty title="No rollouts yet">
        {viewer.organization.displayName} has not taken a release to a target of yours in stages.
      </Empty>
    )
  }
  return (
    <Empty
      title="No rollouts yet"
      line={commandLine('distr', 'rollout', 'start', '--app', 'hello', '--version', '1.0.0', '--policy', 'careful')}
    >
      A rollout takes a release to many targets in waves, and stops by itself when too much goes wrong.
    </Empty>
  )
}
