// Why an event is in the log: the chain from the first command to it, what it rests on, and what followed, each with whoever did it.
import { ArrowLeft } from 'lucide-react'
import { useMemo, useState } from 'react'
import { graphql } from '../../gql'
import { useLive } from '../../live/use-live'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Dialog } from '../../ui/dialog'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { type Names, useNames } from '../activity/names'
import { sentence } from '../activity/sentences'
import type { EventLine } from '../activity/use-newest'
import { Actor, useMemberNames } from '../member/actor'
import './proof.css'

const WHY = graphql(`
  query Why($position: Position!) {
    why(position: $position) {
      event { ...EventLine }
      causes { ...EventLine }
      lostCause
      grounds { ...EventLine }
      consequences { ...EventLine }
      hasMore
    }
  }
`)

type Props = { position: string; close: () => void }

export default function WhyDialog({ position, close }: Props) {
  /** from one event to the next, and back */
  const [path, setPath] = useState([position])
  const at = path.at(-1) ?? position
  const { data, error, again } = useLive(WHY, { position: at })
  const [things, members] = [useNames(), useMemberNames()]
  const names = useMemo(() => new Map([...things, ...members]), [things, members])
  const list = { names, go: (position: string) => setPath([...path, position]) }
  const why = data?.why
  return (
    <Dialog open onClose={close} title={`Why: the event at position ${at}`} wide>
      {error && !why ? <Failed error={error} again={again} /> : null}
      {!error && !why ? <Loading what="the chain" rows={5} /> : null}
      {why ? (
        <div className="proof why">
          <Part
            title="Led to it"
            none={why.lostCause ? undefined : 'Nothing: it is what somebody asked for.'}
            events={why.causes}
            {...list}
          />
          {why.lostCause ? (
            <p className="hint">
              The chain breaks off at <code className="long">{why.lostCause}</code>: it is not kept any more, as reports
              of agents are not.
            </p>
          ) : null}
          <Part title="The event" events={[why.event]} names={names} />
          <Part title="It rests on" events={why.grounds} {...list} />
          <Part title="It led to" none="Nothing so far." events={why.consequences} {...list} />
          {why.hasMore ? <p className="hint">More followed than these, the nearest 100.</p> : null}
          <SameInCli line={commandLine('distr', 'audit', 'why', at)} />
        </div>
      ) : null}
      {path.length > 1 ? (
        <div className="dialog-actions">
          <Button onClick={() => setPath(path.slice(0, -1))}>
            <ArrowLeft size={14} aria-hidden="true" /> The event before
          </Button>
        </div>
      ) : null}
    </Dialog>
  )
}

type PartProps = {
  title: string
  events: EventLine[]
  names: Names
  /** what is said of an empty list; nothing is said if it is left out */
  none?: string | undefined
  go?: (position: string) => void
}

function Part({ title, events, names, none, go }: PartProps) {
  if (events.length === 0 && !none) return null
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {events.length === 0 ? <p className="muted">{none}</p> : null}
      <ol className="chain">
        {events.map(event => (
          <Chained key={event.id} event={event} names={names} go={go} />
        ))}
      </ol>
    </section>
  )
}

/** A report does not say whose it is, but that it is an agent's. */
function actorOf({ actor, type }: EventLine): string {
  return actor ?? (type === 'Heartbeat' ? 'agent:' : 'nobody known')
}

function Chained({ event, names, go }: { event: EventLine; names: Names; go: PartProps['go'] }) {
  const { verb, about, where, reason, isRefused } = sentence(event, names)
  return (
    <li className={isRefused ? 'is-refused' : undefined}>
      <p>
        <Actor actor={actorOf(event)} names={names} />{' '}
        <span>
          {verb} {about ? <strong>{about}</strong> : null}
          {where ? <span className="muted"> · {where}</span> : null}
          {reason ? <span className="muted"> · {reason}</span> : null}
        </span>
      </p>
      <p className="small muted">
        <Time at={event.recordedAt} /> · {event.type} · position {event.position}
      </p>
      {go ? (
        <Button kind="quiet" onClick={() => go(event.position)}>
          Why? <span className="unseen">the event at position {event.position}</span>
        </Button>
      ) : null}
    </li>
  )
}
