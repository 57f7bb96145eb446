import { graphql } from '../../gql'
import type { LicenseRowFragment } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { LicenseBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Through } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'

export const LICENSE_ROW = graphql(`
  fragment LicenseRow on License {
    id name status reason versions channels features seats seatsTaken notBefore expiresAt createdAt
    customer { id name displayName }
    application { id name displayName }
  }
`)

const LICENSES = graphql(`
  query Licenses($first: Int!, $asOf: Moment) {
    licenses(first: $first, asOf: $asOf) { nodes { ...LicenseRow } pageInfo { hasNextPage } }
  }
`)

export function LicensesPage() {
  const { viewer } = useWhoIsThere()
  const { data, error, isLoading, again } = useLive(LICENSES, { first: 500 })
  const rows = data?.licenses.nodes
  const { root } = usePlaces()
  const more = data?.licenses.pageInfo.hasNextPage
  return (
    <Page
      title="Licenses"
      actions={
        <To className="button" place={`${root}/entitlement`}>
          May it be pulled?
        </To>
      }
      aside={rows ? <span className="total">{more ? 'the first 500' : rows.length.toLocaleString()}</span> : null}
    >
      {error && !rows ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the licenses" /> : null}
      {rows?.length === 0 ? (
        viewer.customer ? (
          <Empty title="No licenses yet">{viewer.organization.displayName} has not issued a license to you.</Empty>
        ) : (
          <Empty
            title="No licenses yet"
            line={commandLine('distr', 'license', 'issue', 'hello-2026', '--customer', 'globex', '--app', 'hello')}
          >
            A license says what a customer may pull and run: which versions, on how many targets, until when.
          </Empty>
        )
      ) : null}
      {rows && rows.length > 0 ? (
        <>
          <LicenseTable licenses={rows} withCustomer={!viewer.customer} />
          <SameInCli line="distr license list" looksBack />
        </>
      ) : null}
    </Page>
  )
}

export function LicenseTable({ licenses, withCustomer }: { licenses: LicenseRowFragment[]; withCustomer?: boolean }) {
  const places = usePlaces()
  const customer: Column<LicenseRowFragment> = {
    name: 'Customer',
    isText: true,
    cell: ({ customer }) => <To place={places.customer?.(customer.name)}>{customer.displayName}</To>,
  }
  const columns: Column<LicenseRowFragment>[] = [
    { name: 'Status', width: 'state', cell: ({ status }) => <LicenseBadge status={status} /> },
    {
      name: 'License',
      isText: true,
      cell: ({ name, customer }) => (
        <To className="name" place={places.license(customer.name, name)}>
          {name}
        </To>
      ),
    },
    ...(withCustomer ? [customer] : []),
    { name: 'Application', isText: true, cell: ({ application }) => application.displayName },
    { name: 'Versions', cell: ({ versions }) => (versions.length > 0 ? versions.join(', ') : 'all') },
    { name: 'Seats', cell: license => <Seats license={license} /> },
    {
      name: 'In force',
      width: 'wide',
      cell: ({ expiresAt }) => (expiresAt ? <Through end={expiresAt} /> : 'without end'),
    },
  ]
  return <Table label="Licenses" columns={columns} rows={licenses} keyOf={row => row.id} />
}

export function Seats({
  license: { seats, seatsTaken },
}: {
  license: Pick<LicenseRowFragment, 'seats' | 'seatsTaken'>
}) {
  if (typeof seats !== 'number') return <span>{seatsTaken} taken, no limit</span>
  const isFull = seatsTaken >= seats
  return (
    <span className={isFull ? 'seats is-full' : 'seats'}>
      <meter min={0} max={seats} value={seatsTaken} aria-label="Seats taken" />
      {seatsTaken} of {seats}
      {isFull ? ', full' : ''}
    </span>
  )
}
