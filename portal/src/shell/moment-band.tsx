// Over every page of the past: which moment it is, in the viewer's zone and in UTC, and the way back to now.
import { History } from 'lucide-react'
import { useQuery } from 'urql'
import { useMay } from '../features/session/viewer'
import { graphql } from '../gql'
import { type Moment, momentOf, useMoment } from '../live/moment'
import { exact } from '../ui/time'
import { useGoToMoment } from './use-go-to-moment'

/** It is the reader's own, or of another organization of the hub. */
const EVENT_AT = graphql(`
  query EventAt($after: Position!) {
    events(after: $after, first: 1, telemetry: [ACCESS, HEARTBEAT]) { events { id position recordedAt } }
  }
`)

export function MomentBand({ change }: { change: () => void }) {
  const moment = useMoment()
  const go = useGoToMoment()
  if (moment === undefined) return null
  return (
    <div className="band is-moment" role="status">
      <History size={15} aria-hidden="true" />
      <p>
        <strong>
          As of <Words of={momentOf(moment)} text={moment} />
        </strong>
        <span> · Read-only, and news are paused.</span>
      </p>
      <button type="button" className="button is-quiet" onClick={change}>
        Other moment…
      </button>
      <button type="button" className="button" onClick={() => go(undefined)}>
        Back to now
      </button>
    </div>
  )
}

function Words({ of, text }: { of: Moment; text: string }) {
  if (of.kind === 'time') return <BothZones at={of.at} />
  if (of.kind === 'position') return <PositionWords position={of.position} />
  return <q>{text}</q>
}

function BothZones({ at }: { at: number }) {
  const [own, utc] = [exact.viewer.format(at), exact.utc.format(at)]
  return (
    <time dateTime={new Date(at).toISOString()}>
      {own}
      {own === utc ? null : ` · ${utc}`}
    </time>
  )
}

function PositionWords({ position }: { position: string }) {
  const mayRead = useMay('READ_LOG')
  const number = Number(position)
  const [{ data }] = useQuery({
    query: EVENT_AT,
    variables: { after: String(number - 1) },
    pause: !mayRead || !Number.isSafeInteger(number) || number < 1,
  })
  const [event] = data?.events.events ?? []
  return (
    <>
      position {position} of the log
      {event?.position === position ? (
        <>
          , recorded <BothZones at={Date.parse(event.recordedAt)} />
        </>
      ) : null}
    </>
  )
}
