import { Link, useParams } from '@tanstack/react-router'
import type { ApplicationsQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Empty, Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { ReleaseBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { APPLICATIONS } from '../overview/page'
import { Icon } from './catalogue'
import { ChannelPointers } from './channels'

type Application = ApplicationsQuery['applications']['nodes'][number]
const MOST = 500

export function ApplicationsPage() {
  const { organization } = useParams({ from: '/v/$organization/apps' })
  const { data, error, isLoading, again } = useLive(APPLICATIONS, { first: MOST, after: null })
  const rows = data?.applications.nodes
  const columns: Column<Application>[] = [
    {
      name: 'Application',
      isText: true,
      cell: application => (
        <span className="with-icon">
          <Icon of={application} />
          <Link
            className="name"
            to="/v/$organization/apps/$application"
            params={{ organization, application: application.name }}
          >
            {application.displayName}
          </Link>
        </span>
      ),
    },
    {
      name: 'Category',
      isText: true,
      isBlank: ({ category }) => category === '',
      cell: ({ category }) => <span className="muted">{category}</span>,
    },
    { name: 'Channels', cell: ({ channels }) => <ChannelPointers channels={channels} /> },
    {
      name: 'Newest release',
      cell: ({ releases }) =>
        releases.nodes[0] ? (
          <span className="with-badge">
            <span className="version">{releases.nodes[0].version}</span>{' '}
            <ReleaseBadge status={releases.nodes[0].status} />
          </span>
        ) : (
          <Unknown why="no release yet" />
        ),
    },
    {
      name: 'Published',
      width: 'time',
      isNumber: true,
      cell: ({ releases }) =>
        releases.nodes[0]?.publishedAt ? <Time at={releases.nodes[0].publishedAt} /> : <Unknown why="not published" />,
    },
  ]
  return (
    <Page
      title="Applications"
      aside={
        rows ? (
          <span className="total">
            {rows.length.toLocaleString()}
            {data?.applications.pageInfo.hasNextPage ? ' and more' : ''}
          </span>
        ) : null
      }
    >
      {error && !rows ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the applications" /> : null}
      {rows?.length === 0 ? (
        <Empty title="No applications yet" line={commandLine('distr', 'apply', '-f', 'distr.yaml')}>
          An application is a product of yours: its releases, and the channels that point to them.
        </Empty>
      ) : null}
      {rows && rows.length > 0 ? (
        <>
          <Table label="Applications" columns={columns} rows={rows} keyOf={row => row.id} />
          <SameInCli line="distr app list" />
        </>
      ) : null}
    </Page>
  )
}
