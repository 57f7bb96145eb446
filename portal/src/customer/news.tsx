// What is new in the newest release of each application that this customer may have.
import { graphql } from '../gql'
import { useLive } from '../live/use-live'
import { To, usePlaces } from '../shell/places'
import { Notes } from '../ui/notes'
import { Panel } from '../ui/page'
import { Time } from '../ui/time'
import { newestOf, type Offered } from './offers'

const NOTES = graphql(`
  query Notes($application: Name!, $version: Version!) {
    release(application: $application, version: $version) { id notes publishedAt }
  }
`)

export function News({ applications }: { applications: Offered[] }) {
  return applications.map(application => {
    const newest = newestOf(application)
    return newest ? <NotesOf key={application.id} application={application} version={newest.version} /> : null
  })
}

function NotesOf({ application, version }: { application: Offered; version: string }) {
  const places = usePlaces()
  const { data } = useLive(NOTES, { application: application.name, version })
  if (!data?.release.notes) return null
  const { notes, publishedAt } = data.release
  return (
    <Panel
      title={`What is new in ${application.displayName} ${version}`}
      aside={
        <span className="panel-aside">
          {publishedAt ? (
            <span className="muted">
              <Time at={publishedAt} />
            </span>
          ) : null}
          <To place={places.release?.(application.name, version)}>What is in it</To>
        </span>
      }
    >
      <Notes text={notes} />
    </Panel>
  )
}
