// What this customer may pull, release by release, with the commands for it.
import { CatalogueLinks, Icon, Labels } from '../features/application/catalogue'
import { useWhoIsThere } from '../features/session/viewer'
import { graphql } from '../gql'
import type { DownloadsQuery } from '../gql/graphql'
import { useLive } from '../live/use-live'
import { To, usePlaces } from '../shell/places'
import { CommandLine, Copy } from '../ui/copy'
import { Page, Panel } from '../ui/page'
import { Empty, Failed, Loading } from '../ui/page-states'
import { commandLine } from '../ui/shell-words'
import { ReleaseBadge } from '../ui/state'
import { type Column, Table } from '../ui/table'

const DOWNLOADS = graphql(`
  query Downloads {
    applications(first: 100) {
      nodes {
        ...Catalogue
        description
        releases(first: 20) {
          nodes { id version status withheld publishedAt images { service repository digest tag feature } }
          pageInfo { hasNextPage }
        }
      }
    }
  }
`)

type Application = DownloadsQuery['applications']['nodes'][number]
type Release = Application['releases']['nodes'][number]
type Image = NonNullable<Release['images']>[number]

export function DownloadsPage() {
  const { hub, viewer } = useWhoIsThere()
  const { root } = usePlaces()
  const { data, error, isLoading, again } = useLive(DOWNLOADS, {})
  const applications = data?.applications.nodes
  return (
    <Page title="Downloads">
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="what you may pull" /> : null}
      {applications?.length === 0 ? (
        <Empty title="Nothing to pull yet">
          {viewer.organization.displayName} has not issued a license to you; a license opens releases.
        </Empty>
      ) : null}
      {applications && applications.length > 0 ? (
        <>
          <p className="lead">
            Agents pull by themselves. To pull by hand, sign Docker in with <To place={`${root}/tokens`}>a token</To>{' '}
            that opens pull:
          </p>
          <CommandLine
            line={`printenv DISTR_TOKEN | docker login ${hub.registryHost} --username token --password-stdin`}
            label="docker login"
          />
          {applications.map(application => (
            <Releases key={application.id} application={application} />
          ))}
        </>
      ) : null}
    </Page>
  )
}

function Releases({ application }: { application: Application }) {
  const { nodes, pageInfo } = application.releases
  const shown = nodes.filter(({ status }) => status !== 'DRAFT')
  const first = shown.find(({ images }) => images)
  return (
    <Panel title={application.displayName} aside={<Icon of={application} />}>
      {application.category ? <p className="small muted">{application.category}</p> : null}
      {application.description ? <p className="muted">{application.description}</p> : null}
      <CatalogueLinks of={application} />
      <Labels of={application} />
      {shown.length === 0 ? <p className="muted">No release yet.</p> : null}
      {shown.map(release => (
        <ReleaseImages key={release.id} application={application} release={release} isOpen={release === first} />
      ))}
      {pageInfo.hasNextPage ? <p className="muted">The newest 20; older ones may be there, too.</p> : null}
    </Panel>
  )
}

function ReleaseImages({
  application,
  release,
  isOpen,
}: {
  application: Application
  release: Release
  isOpen: boolean
}) {
  const places = usePlaces()
  const { version, status, withheld, images } = release
  if (!images) {
    return (
      <p className="withheld">
        <span className="version">{version}</span> <ReleaseBadge status={status} />{' '}
        <span className="muted">not yours: {withheld}</span>
      </p>
    )
  }
  return (
    <details className="download" open={isOpen}>
      <summary>
        <span className="version">{version}</span> <ReleaseBadge status={status} />
      </summary>
      <p>
        <To place={places.release?.(application.name, version)}>Notes and compose file of {version}</To>
      </p>
      <ImageTable images={images} version={version} />
    </details>
  )
}

function ImageTable({ images, version }: { images: Image[]; version: string }) {
  const { hub, viewer } = useWhoIsThere()
  const base = `${hub.registryHost}/${viewer.organization.name}`
  const columns: Column<Image>[] = [
    { name: 'Service', isText: true, cell: ({ service }) => service },
    {
      name: 'By tag',
      cell: ({ repository, tag, service }) =>
        tag ? (
          <span className="digest">
            <code>
              {repository}:{tag}
            </code>
            <Copy
              text={commandLine('docker', 'pull', `${base}/${repository}:${tag}`)}
              what={`docker pull of ${service} by tag`}
            />
          </span>
        ) : (
          <span className="muted">by digest alone</span>
        ),
    },
    {
      name: 'By digest',
      cell: ({ repository, digest, service }) => (
        <span className="digest">
          <code title={digest}>{digest.slice(0, 19)}…</code>
          <Copy
            text={commandLine('docker', 'pull', `${base}/${repository}@${digest}`)}
            what={`docker pull of ${service} by digest`}
          />
        </span>
      ),
    },
    { name: 'Feature', isBlank: ({ feature }) => !feature, cell: ({ feature }) => feature ?? '' },
  ]
  if (images.length === 0) return <p className="muted">No image of this registry.</p>
  return <Table label={`Images of ${version}`} columns={columns} rows={images} keyOf={({ service }) => service} />
}
