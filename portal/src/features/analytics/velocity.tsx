// How fast releases are taken up.
import type { AnalyticsQuery } from '../../gql/graphql'
import { useHubNow } from '../../live/clock'
import { Definition } from '../../ui/definition'
import { Panel } from '../../ui/page'
import { Unknown } from '../../ui/page-states'
import { Table } from '../../ui/table'
import { span, Time } from '../../ui/time'
import { share } from './series'

type Release = AnalyticsQuery['analytics']['velocity'][number]

export function Velocity({ of }: { of: Release[] }) {
  return (
    <Panel
      title="How fast releases are taken up"
      aside={
        <Definition of="how fast releases are taken up">
          The denominator is the deployments that ran an older version when the release was published; it does not
          change afterwards, and deployments that came later are not counted. Reached: they have been healthy with the
          release, or a newer one, since. 50 % and 90 %: the time from the publication until so many had.
        </Definition>
      }
    >
      {of.length === 0 ? (
        <p className="muted">No release is published yet.</p>
      ) : (
        <Table
          label="How fast releases are taken up"
          rows={of}
          keyOf={({ version }) => version}
          columns={[
            { name: 'Release', width: 'version', cell: ({ version }) => <span className="version">{version}</span> },
            { name: 'Published', width: 'time', cell: ({ publishedAt }) => <Time at={publishedAt} /> },
            { name: 'Reached', cell: release => <Reached of={release} /> },
            { name: '50 % after', cell: release => <After of={release} seconds={release.secondsToHalf} /> },
            { name: '90 % after', cell: release => <After of={release} seconds={release.secondsToMost} /> },
          ]}
        />
      )}
    </Panel>
  )
}

function Reached({ of: { version, eligible, reached } }: { of: Release }) {
  if (eligible === 0) return <Unknown why="nothing ran an older version when it was published" />
  return (
    <span className="progress">
      <meter min={0} max={eligible} value={reached} aria-label={`Deployments that reached ${version}`} />
      {reached.toLocaleString()} of {eligible.toLocaleString()} ({share(reached, eligible)})
    </span>
  )
}

function After({ of, seconds }: { of: Release; seconds: number | null | undefined }) {
  const now = useHubNow()
  if (typeof seconds === 'number') return span(seconds * 1000)
  if (of.eligible === 0) return <Unknown why="nothing ran an older version when it was published" />
  return <span className="muted">not yet, after {span(now - Date.parse(of.publishedAt))}</span>
}
