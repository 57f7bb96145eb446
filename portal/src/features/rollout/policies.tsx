// The rollout policies of the organization, by name.
import { useState } from 'react'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Allowed } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { type Column, Pager, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useMay } from '../session/viewer'
import { POLICIES, type Policy } from './policy-queries'
import { limitsWords } from './rule-words'

const PAGE = 100

export default function PoliciesPage() {
  const { root } = usePlaces()
  const maySet = useMay('MANAGE_ROLLOUT_POLICIES')
  const [at, setAt] = useState<{ after: string | null; from: number }>({ after: null, from: 0 })
  const { data, error, isLoading, again } = useLive(POLICIES, { first: PAGE, after: at.after })
  const page = data?.rolloutPolicies
  const columns: Column<Policy>[] = [
    {
      name: 'Policy',
      isText: true,
      cell: ({ name }) => (
        <To className="name" place={`${root}/rollout-policies/${name}`}>
          {name}
        </To>
      ),
    },
    { name: 'Waves', width: 'wide', cell: ({ rules }) => rules.waves.map(({ name }) => name).join(', ') },
    { name: 'Limits', width: 'wide', cell: ({ rules }) => limitsWords(rules.limits) },
    { name: 'Changed', width: 'time', isNumber: true, cell: ({ changedAt }) => <Time at={changedAt} /> },
  ]
  return (
    <Page
      title="Rollout policies"
      section="Rollouts"
      crumbs={<To place={`${root}/rollouts`}>Rollouts</To>}
      actions={
        <Allowed may={maySet} needs="the right to set policies">
          <To className="button is-primary" place={`${root}/rollouts/set-policy`}>
            Set a policy…
          </To>
        </Allowed>
      }
    >
      {error && !page ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the policies" /> : null}
      {page?.nodes.length === 0 ? (
        <Empty title="No policies yet" line="distr policy set careful -f careful.yaml">
          A policy says in which waves targets come to a release, how many at the same time, and when a rollout stops.
        </Empty>
      ) : null}
      {page && page.nodes.length > 0 ? (
        <>
          <Table label="Rollout policies" columns={columns} rows={page.nodes} keyOf={({ id }) => id} />
          <Pager
            from={at.from}
            shown={page.nodes.length}
            total={undefined}
            hasNext={page.pageInfo.hasNextPage}
            next={() => setAt({ after: page.pageInfo.endCursor ?? null, from: at.from + page.nodes.length })}
            first={() => setAt({ after: null, from: 0 })}
          />
        </>
      ) : null}
      <SameInCli line="distr policy list" />
    </Page>
  )
}
