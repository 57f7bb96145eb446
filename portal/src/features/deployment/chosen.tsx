// What is to be known of a release before it is deployed: that another is required, and that it should not be used.
import { ChevronsUp } from 'lucide-react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { ReleaseBadge } from '../../ui/state'
import { type Below, nextFloor, standingWords } from './floor'
import { FloorWords } from './marks'

const CHOSEN = graphql(`
  query ChosenRelease($application: Name!, $version: Version!) {
    release(application: $application, version: $version) {
      id version status reason deprecatedOn required outdatedBy { version reason }
    }
  }
`)

type Props = {
  application: string
  version: string | null | undefined
  running: string | null | undefined
  releases: Parameters<typeof nextFloor>[0]
  choose: (version: string) => void
}

/** The release is asked for by itself: a channel may point to one that no list here holds. */
export function Chosen({ application, version, running, releases, choose }: Props) {
  const { data } = useLive(CHOSEN, { application, version: version ?? '' }, !version)
  const release = data?.release
  return (
    <div className="chosen" role="status">
      {release && release.version === version ? (
        <ChosenNotes release={release} running={running} releases={releases} choose={choose} />
      ) : null}
    </div>
  )
}

type NotesProps = Pick<Props, 'running' | 'releases' | 'choose'> & { release: Below['release'] }

function ChosenNotes({ release, running, releases, choose }: NotesProps) {
  const floor = release.outdatedBy
  const next = floor && nextFloor(releases, running, floor)
  const first = nextFloor(releases, running, release)
  const passed = releases.find(({ version }) => version === first && version !== release.version)
  const standing = standingWords(release)
  return (
    <>
      {floor && next ? (
        <div className="note">
          <ChevronsUp size={16} aria-hidden="true" />
          <span className="note-words">
            {release.version} is <FloorWords floor={floor} />. {wayUp(release.version, next, floor.version)}
          </span>
          {next === release.version ? null : <Button onClick={() => choose(next)}>Choose {next}</Button>}
        </div>
      ) : null}
      {passed && !floor ? (
        <div className="note">
          <ChevronsUp size={16} aria-hidden="true" />
          <span className="note-words">
            <strong>{passed.version} is required</strong> on the way to {release.version}: {passed.required}. Deploy{' '}
            {passed.version} first.
          </span>
          <Button onClick={() => choose(passed.version)}>Choose {passed.version}</Button>
        </div>
      ) : null}
      {standing ? (
        <div className="note">
          <ReleaseBadge status={release.status} />
          <span className="note-words">
            {release.version} is {standing}
          </span>
        </div>
      ) : null}
    </>
  )
}

function wayUp(chosen: string, next: string, floor: string): string {
  if (next === chosen) return `It is on the way: deploy ${floor} after it.`
  return next === floor ? `Deploy ${next} instead.` : `Deploy ${next} first, which is on the way to ${floor}.`
}
