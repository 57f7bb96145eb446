// One application: where its channels point, and its releases.
import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { graphql } from '../../gql'
import type { ApplicationPageQuery } from '../../gql/graphql'
import { useMoment } from '../../live/moment'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { ReleaseBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useMay } from '../session/viewer'
import { CatalogueLinks, Icon, Labels } from './catalogue'
import { CatalogueDialog } from './catalogue-dialog'
import { ChannelPointers } from './channels'
import { PromoteDialog } from './promote'

const OpenRollouts = lazy(() => import('../rollout/open-panel'))

const APPLICATION = graphql(`
  query ApplicationPage($name: Name!, $after: String, $asOf: Moment) {
    application(name: $name, asOf: $asOf) {
      ...Catalogue
      description createdAt signingRequires
      signingKeys { name id }
      channels { id name current versions }
      releases(first: 100, after: $after) {
        nodes { id version status reason deprecatedOn withheld publishedAt createdAt }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`)

type Application = ApplicationPageQuery['application']
type Release = Application['releases']['nodes'][number]
const REQUIRES = {
  IMAGES: 'each image',
  RELEASE: 'the release as a whole',
  IMAGES_AND_RELEASE: 'each image and the whole',
}

export function ApplicationPage() {
  const { organization, application: name } = useParams({ from: '/v/$organization/apps/$application' })
  const [after, setAfter] = useState<string | null>(null)
  const mayPublish = useMay('PUBLISH')
  const [isDescribing, setDescribing] = useState(false)
  const { data, error, isLoading, again } = useLive(APPLICATION, { name, after })
  const application = data?.application
  const crumbs = (
    <Link to="/v/$organization/apps" params={{ organization }}>
      Applications
    </Link>
  )
  return (
    <Page
      title={application?.displayName ?? name}
      section="Applications"
      crumbs={crumbs}
      aside={application ? <Icon of={application} /> : null}
      actions={
        application ? (
          <Allowed may={mayPublish} needs="the right to publish">
            <Button onClick={() => setDescribing(true)}>Catalogue…</Button>
            <Link
              className="button is-primary"
              to="/v/$organization/apps/$application/publish"
              params={{ organization, application: name }}
            >
              Publish a release…
            </Link>
          </Allowed>
        ) : null
      }
    >
      {error && !application ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the application" /> : null}
      {application ? (
        <Detail
          application={application}
          next={() => setAfter(application.releases.pageInfo.endCursor ?? null)}
          first={after ? () => setAfter(null) : undefined}
        />
      ) : null}
      {application && isDescribing ? (
        <CatalogueDialog application={application} close={() => setDescribing(false)} />
      ) : null}
    </Page>
  )
}

function Detail({
  application,
  next,
  first,
}: {
  application: Application
  next: () => void
  first: (() => void) | undefined
}) {
  const [channel, setChannel] = useState<string>()
  const mayPublish = useMay('PUBLISH')
  const releases = application.releases.nodes
  const moment = useMoment()
  const keys = application.signingKeys
  return (
    <>
      {application.description ? <p className="lead">{application.description}</p> : null}
      <CatalogueLinks of={application} />
      <Facts>
        <Fact name="Name">
          <code>{application.name}</code>
        </Fact>
        {application.category ? <Fact name="Category">{application.category}</Fact> : null}
        <Fact name="Created">
          <Time at={application.createdAt} />
        </Fact>
        <Fact name="Signatures">
          {keys.length === 0
            ? 'none demanded'
            : `${REQUIRES[application.signingRequires]}, by ${keys.map(key => key.name).join(' or ')}`}
        </Fact>
        {application.labels.length > 0 ? (
          <Fact name="Labels">
            <Labels of={application} />
          </Fact>
        ) : null}
      </Facts>
      <Panel title="Channels">
        {application.channels.length === 0 ? (
          <Empty
            title="No channels yet"
            line={commandLine('distr', 'channel', 'create', 'stable', '--app', application.name)}
          >
            A channel is a moving pointer to a release, such as stable or beta.
          </Empty>
        ) : (
          <ChannelPointers
            channels={application.channels}
            action={({ name }) => (
              <Allowed may={mayPublish} needs="the right to publish">
                <Button kind="quiet" onClick={() => setChannel(name)} disabled={releases.length === 0}>
                  Promote…
                </Button>
              </Allowed>
            )}
          />
        )}
      </Panel>
      <Panel title="Releases">
        {releases.length === 0 ? (
          <Empty
            title="No releases yet"
            line={commandLine(
              'distr',
              'release',
              'publish',
              '--app',
              application.name,
              '--version',
              '1.0.0',
              '--compose',
              'compose.yaml',
            )}
          >
            A release is one version that never changes again.
          </Empty>
        ) : (
          <Releases application={application} />
        )}
        <div className="pager">
          {first ? (
            <Button kind="quiet" onClick={first}>
              Newest
            </Button>
          ) : null}
          {application.releases.pageInfo.hasNextPage ? (
            <Button kind="quiet" onClick={next}>
              Older
            </Button>
          ) : null}
        </div>
      </Panel>
      {moment === undefined ? (
        <Suspense>
          <OpenRollouts application={application.name} />
        </Suspense>
      ) : null}
      <SameInCli line={commandLine('distr', 'release', 'list', '--app', application.name)} looksBack />
      {channel ? (
        <PromoteDialog
          application={application}
          channel={channel}
          releases={releases}
          close={() => setChannel(undefined)}
        />
      ) : null}
    </>
  )
}

function Releases({ application }: { application: Application }) {
  const { organization = '' } = useParams({ strict: false })
  const pointing = (version: string) => application.channels.filter(channel => channel.current === version)
  const columns: Column<Release>[] = [
    {
      name: 'Version',
      width: 'state',
      cell: ({ version }) => (
        <Link
          className="name version"
          to="/v/$organization/apps/$application/releases/$version"
          params={{ organization, application: application.name, version }}
        >
          {version}
        </Link>
      ),
    },
    { name: 'Status', width: 'state', cell: ({ status }) => <ReleaseBadge status={status} /> },
    {
      name: 'Channels',
      isBlank: ({ version }) => pointing(version).length === 0,
      cell: ({ version }) => (
        <span className="tags">
          {pointing(version).map(({ id, name }) => (
            <span key={id} className="tag">
              {name}
            </span>
          ))}
        </span>
      ),
    },
    {
      name: 'Note',
      isBlank: ({ reason, withheld }) => !reason && !withheld,
      isText: true,
      cell: ({ reason, withheld }) => <span className="muted">{withheld ?? reason ?? ''}</span>,
    },
    {
      name: 'Published',
      width: 'time',
      isNumber: true,
      cell: ({ publishedAt }) => (publishedAt ? <Time at={publishedAt} /> : <Unknown why="not published" />),
    },
  ]
  return <Table label="Releases" columns={columns} rows={application.releases.nodes} keyOf={row => row.id} />
}
