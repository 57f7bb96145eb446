import { Link, useParams } from '@tanstack/react-router'
import { graphql } from '../../gql'
import type { CustomersQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'

const CUSTOMERS = graphql(`
  query Customers($first: Int!, $asOf: Moment) {
    customers(first: $first, asOf: $asOf) { nodes { id name displayName createdAt } pageInfo { hasNextPage } }
  }
`)

type Customer = CustomersQuery['customers']['nodes'][number]

export function CustomersPage() {
  const { organization } = useParams({ from: '/v/$organization/customers' })
  const { data, error, isLoading, again } = useLive(CUSTOMERS, { first: 500 })
  const rows = data?.customers.nodes
  const more = data?.customers.pageInfo.hasNextPage
  const columns: Column<Customer>[] = [
    {
      name: 'Customer',
      isText: true,
      cell: ({ name, displayName }) => (
        <Link className="name" to="/v/$organization/customers/$customer" params={{ organization, customer: name }}>
          {displayName}
        </Link>
      ),
    },
    { name: 'Name', isText: true, cell: ({ name }) => <code>{name}</code> },
    {
      name: 'Targets',
      cell: ({ name }) => (
        <Link to="/v/$organization/targets" params={{ organization }} search={{ customer: name }}>
          show
        </Link>
      ),
    },
    { name: 'Since', width: 'time', isNumber: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
  return (
    <Page
      title="Customers"
      aside={rows ? <span className="total">{more ? 'the first 500' : rows.length.toLocaleString()}</span> : null}
    >
      {error && !rows ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the customers" /> : null}
      {rows?.length === 0 ? (
        <Empty
          title="No customers yet"
          line={commandLine('distr', 'customer', 'create', 'globex', '--display-name', 'Globex')}
        >
          A customer runs your software on targets of its own, by the licenses that you issue.
        </Empty>
      ) : null}
      {rows && rows.length > 0 ? (
        <>
          <Table label="Customers" columns={columns} rows={rows} keyOf={row => row.id} />
          <SameInCli line="distr customer list" />
        </>
      ) : null}
    </Page>
  )
}
