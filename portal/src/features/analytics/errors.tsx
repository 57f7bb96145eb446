// What fails, by category and words: one machine's numbers and names make no group of their own.
import type { AnalyticsQuery } from '../../gql/graphql'
import { Definition } from '../../ui/definition'
import { Panel } from '../../ui/page'
import { Table } from '../../ui/table'
import { Time } from '../../ui/time'

type Group = AnalyticsQuery['analytics']['errors'][number]

export function Errors({ of, days }: { of: Group[]; days: number }) {
  return (
    <Panel
      title="Errors"
      aside={
        <Definition of="errors">
          A group is errors of one category with the same words; # stands for numbers, addresses, digests, ids and
          quoted names. Open now: deployments that stand failed, unhealthy or held with it at this moment. Deployments:
          those, and all that failed so in these {days} days. Times: the tries that failed in these days.
        </Definition>
      }
    >
      {of.length === 0 ? (
        <p className="muted">Nothing failed in these days, and nothing stands failed now.</p>
      ) : (
        <Table
          label="Errors"
          rows={of}
          keyOf={({ category, reason }) => `${category} ${reason}`}
          columns={[
            { name: 'Category', cell: ({ category }) => category.toLowerCase() },
            {
              name: 'Reason',
              width: 'wide',
              cell: ({ reason, example }) => (
                <span className="reason" title={example}>
                  {reason || '—'}
                </span>
              ),
            },
            { name: 'Open now', isNumber: true, cell: ({ open }) => open.toLocaleString() },
            { name: 'Deployments', isNumber: true, cell: ({ deployments }) => deployments.toLocaleString() },
            { name: 'Times', isNumber: true, cell: ({ times }) => times.toLocaleString() },
            {
              name: 'Versions',
              cell: ({ versions }) => versions.slice(0, 3).join(', ') + (versions.length > 3 ? ' …' : ''),
            },
            { name: 'Last', width: 'time', cell: ({ lastAt }) => <Time at={lastAt} /> },
          ]}
        />
      )}
    </Panel>
  )
}
