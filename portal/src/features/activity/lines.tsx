// What happened, newest first, a line each; a line opens to what the log holds of it.
import { useState } from 'react'
import { Time } from '../../ui/time'
import { useWhoIsThere } from '../session/viewer'
import { sentence } from './sentences'
import type { EventLine } from './use-newest'

export function ActivityLines({ events }: { events: EventLine[] }) {
  if (events.length === 0) return <p className="muted">Nothing of this kind has happened.</p>
  return (
    <ol className="activity" aria-label="Events">
      {events.map(event => (
        <Line key={event.id} event={event} />
      ))}
    </ol>
  )
}

function Line({ event }: { event: EventLine }) {
  const [isOpen, setOpen] = useState(false)
  const { verb, about, reason, isRefused } = sentence(event)
  return (
    <li className={isRefused ? 'event is-refused' : 'event'}>
      <button type="button" className="event-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className="event-who">
          <Who actor={event.actor ?? 'nobody known'} />
        </span>
        <span className="event-what">
          {verb} {about ? <strong>{about}</strong> : null}
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
          <pre className="code" tabIndex={0}>
            <code>{JSON.stringify(event.data, null, 2)}</code>
          </pre>
        </div>
      ) : null}
    </li>
  )
}

function Who({ actor }: { actor: string }) {
  const { viewer } = useWhoIsThere()
  const [kind = '', id = ''] = actor.split(':')
  if (id === viewer.memberId) return 'You'
  const words: Record<string, string> = {
    member: 'Member',
    robot: 'Robot',
    agent: 'Agent',
    policy: 'Policy',
    operator: 'The operator',
    anonymous: 'Somebody',
  }
  return (
    <span title={actor}>
      {words[kind] ?? actor} {id ? <code>{kind === 'policy' ? id : id.slice(-6)}</code> : null}
    </span>
  )
}
