// One release: what is in it, and where it is offered.
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { graphql } from '../../gql'
import type { ReleasePageQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Copy, SameInCli } from '../../ui/copy'
import { Notes } from '../../ui/notes'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { ReleaseBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { FloorNote } from '../deployment/marks'
import { useWhoIsThere } from '../session/viewer'
import { PackagePanel } from './packages'

const RELEASE = graphql(`
  query ReleasePage($application: Name!, $version: Version!, $asOf: Moment) {
    release(application: $application, version: $version, asOf: $asOf) {
      id version status reason deprecatedOn required noReturn outdatedBy { version reason } withheld notes publishedAt createdAt
      blockedUpgrades { from reason }
      application { id name displayName channels { id name current versions } }
      images { service repository digest tag feature signedBy }
      packages {
        __typename
        ... on ComposePackage { file files { path bytes executable } }
        ... on HelmPackage {
          name version kubeVersion minutes rollbackAllowed cases tool
          variables { name path kind isSecret } kinds { kind }
        }
      }
      signatures { key standing }
    }
  }
`)

export type Release = ReleasePageQuery['release']
type Image = NonNullable<Release['images']>[number]
const STANDINGS = {
  VERIFIED: 'verified',
  NOT_TRUSTED: 'by a key that is not trusted now',
  UNVERIFIED: 'never verified',
}

type Props = { actions?: (release: Release) => ReactNode; path?: (release: Release) => ReactNode }

/** `actions` and `path`, which is what upgrades go by, are those of the side. */
export function ReleasePage({ actions, path }: Props) {
  const places = usePlaces()
  const { application = '', version = '' } = useParams({ strict: false })
  const { data, error, isLoading, again } = useLive(RELEASE, { application, version })
  const release = data?.release
  const crumbs = (
    <>
      <To place={places.catalog.at}>{places.catalog.name}</To>
      {' / '}
      <To place={places.application?.(application)}>{release?.application.displayName ?? application}</To>
    </>
  )
  return (
    <Page
      title={version}
      section={application}
      crumbs={crumbs}
      aside={release ? <ReleaseBadge status={release.status} /> : null}
      actions={release ? actions?.(release) : null}
    >
      {error && !release ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the release" /> : null}
      {release ? <Detail release={release} path={path?.(release)} /> : null}
    </Page>
  )
}

function Detail({ release, path }: { release: Release; path: ReactNode }) {
  const pointing = release.application.channels.filter(channel => channel.current === release.version)
  const places = usePlaces()
  const { application, version } = release
  return (
    <>
      {release.outdatedBy ? (
        <FloorNote floor={release.outdatedBy} what="This release is">
          <To place={places.release?.(application.name, release.outdatedBy.version)}>
            What is in {release.outdatedBy.version}
          </To>
        </FloorNote>
      ) : null}
      {release.reason ? (
        <p className="note is-error">
          {release.status === 'REVOKED' ? 'Revoked' : 'Deprecated'}: {release.reason}
        </p>
      ) : null}
      <Facts>
        <Fact name="Published">{release.publishedAt ? <Time at={release.publishedAt} /> : 'not published'}</Fact>
        <Fact name="Channels">
          {pointing.length > 0 ? pointing.map(channel => channel.name).join(', ') : 'none points here'}
        </Fact>
        <Fact name="Signatures">
          {release.signatures.length === 0
            ? 'none of the whole'
            : release.signatures.map(one => `${one.key ?? 'unnamed key'}: ${STANDINGS[one.standing]}`).join(', ')}
        </Fact>
        {release.deprecatedOn ? <Fact name="Deprecated on">{release.deprecatedOn}</Fact> : null}
        {path ? null : <PathFacts release={release} />}
      </Facts>
      {release.withheld ? <p className="note">You are not shown what is in it: {release.withheld}</p> : null}
      {release.notes ? (
        <Panel title="Notes">
          <Notes text={release.notes} />
        </Panel>
      ) : null}
      {release.images ? <Images images={release.images} /> : null}
      {release.packages?.map(one => (
        <PackagePanel key={one.__typename} one={one} />
      ))}
      {path}
      <SameInCli
        line={commandLine('distr', 'release', 'show', '--app', application.name, '--version', version)}
        looksBack
      />
    </>
  )
}

/** What upgrades go by, for whoever does not change it. */
function PathFacts({ release: { required, noReturn, blockedUpgrades } }: { release: Release }) {
  return (
    <>
      {required ? <Fact name="Required on the way of upgrades">{required}</Fact> : null}
      {noReturn ? <Fact name="Nobody goes back from it">{noReturn}</Fact> : null}
      {blockedUpgrades.map(({ from, reason }) => (
        <Fact key={from} name={`Nobody comes to it from ${from}`}>
          {reason}
        </Fact>
      ))}
    </>
  )
}

function Images({ images }: { images: Image[] }) {
  const { hub, viewer } = useWhoIsThere()
  const reference = ({ repository, digest }: Image) =>
    `${hub.registryHost}/${viewer.organization.name}/${repository}@${digest}`
  const columns: Column<Image>[] = [
    { name: 'Runs in', isText: true, cell: ({ service }) => service },
    { name: 'Image', isText: true, cell: ({ repository, tag }) => `${repository}${tag ? `:${tag}` : ''}` },
    {
      name: 'Digest',
      cell: image => (
        <span className="digest">
          <code title={image.digest}>{image.digest.slice(0, 19)}…</code>
          <Copy text={commandLine('docker', 'pull', reference(image))} what={`docker pull of ${image.service}`} />
        </span>
      ),
    },
    { name: 'Feature', cell: ({ feature }) => feature ?? <span className="muted">always</span> },
    { name: 'Signed by', cell: ({ signedBy }) => signedBy ?? <Unknown why="no signature was demanded" /> },
  ]
  return (
    <Panel title="Images">
      {images.length === 0 ? (
        <p className="muted">No image of this registry.</p>
      ) : (
        <Table label="Images" columns={columns} rows={images} keyOf={row => row.service} />
      )}
    </Panel>
  )
}
