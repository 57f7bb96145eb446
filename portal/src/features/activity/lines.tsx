// What happened, newest first, a line each; a line opens to what the log holds of it.
import { useMemo, useState } from 'react'
import { Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { EventButtons } from '../proof/buttons'
import { type Names, useNames } from './names'
import { sentence } from './sentences'
import type { EventLine } from './use-newest'

export function ActivityLines({ events }: { events: EventLine[] }) {
  const [things, members] = [useNames(), useMemberNames()]
  const names = useMemo(() => new Map([...things, ...members]), [things, members])
  if (events.length === 0) return <p className="muted">Nothing of this kind has happened.</p>
  return (
    <ol className="activity" aria-label="Events">
      {events.map(event => (
        <Line key={event.id} event={event} names={names} />
      ))}
    </ol>
  )
}

function Line({ event, names }: { event: EventLine; names: Names }) {
  const [isOpen, setOpen] = useState(false)
  const { verb, about, where, reason, isRefused } = sentence(event, names)
  return (
    <li className={isRefused ? 'event is-refused' : 'event'}>
      <button type="button" className="event-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className="event-who">
          <Actor actor={event.actor ?? 'nobody known'} names={names} />
        </span>
        <span className="event-what">
          {verb} {about ? <strong>{about}</strong> : null}
          {where ? <span className="muted"> · {where}</span> : null}
          {reason ? <span className="muted"> · {reason}</span> : null}
        </span>
        <span className="event-when">
          <Time at={event.recordedAt} />
        </span>
      </button>
      {isOpen ? (
        <div className="event-data">
          <p className="muted small">
            {event.type} · position {event.position} · {event.stream ?? 'telemetry'} · {event.actor}
          </p>
          <p className="actions">
            <EventButtons position={event.position} of={`the event at position ${event.position}`} />
          </p>
          <pre className="code" tabIndex={0}>
            <code>{JSON.stringify(event.data, null, 2)}</code>
          </pre>
        </div>
      ) : null}
    </li>
  )
}
