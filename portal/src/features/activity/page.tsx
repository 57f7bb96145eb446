// The log of the organization, as people read it: newest first, live.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMoment } from '../../live/moment'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { EmptyFiltered, Failed, Loading, NoPermission } from '../../ui/page-states'
import { useMay } from '../session/viewer'
import { ActivityLines } from './lines'
import { sentence } from './sentences'
import { type EventLine, useNewest } from './use-newest'

const KINDS = {
  all: 'All',
  changes: 'Changes by people',
  reports: 'What agents reported',
  uses: 'Pulls, pushes and sign-ins',
  refused: 'Refused',
}
type Kind = keyof typeof KINDS

export function readActivity(search: Record<string, unknown>): { kind?: Kind } {
  const kind = search.kind
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind) && kind !== 'all' ? { kind: kind as Kind } : {}
}

function fits(event: EventLine, kind: Kind): boolean {
  const isUse = event.type === 'Access'
  const by = event.actor?.split(':')[0]
  if (kind === 'refused') return sentence(event).isRefused
  if (kind === 'uses') return isUse
  if (kind === 'reports') return !isUse && (by === 'agent' || by === 'policy')
  return kind === 'all' || (!isUse && by !== 'agent' && by !== 'policy')
}

export function ActivityPage() {
  const mayRead = useMay('READ_LOG')
  const moment = useMoment()
  return (
    <Page title="Activity">
      {mayRead ? <Log key={moment} /> : <NoPermission detail="Owners and auditors read the log." />}
    </Page>
  )
}

function Log() {
  const { kind = 'all' } = useSearch({ from: '/v/$organization/activity' })
  const navigate = useNavigate({ from: '/v/$organization/activity' })
  const { events, error, isLoading, isReading, older } = useNewest(60)
  const choose = (kind: Kind) => void navigate({ search: kind === 'all' ? {} : { kind } })
  const shown = events.filter(event => fits(event, kind))
  return (
    <>
      <div className="filters">
        <div className="facet" role="group" aria-label="Kinds">
          {(Object.keys(KINDS) as Kind[]).map(name => (
            <button
              key={name}
              type="button"
              className="facet-value"
              aria-pressed={kind === name}
              onClick={() => choose(name)}
            >
              {KINDS[name]}
            </button>
          ))}
        </div>
      </div>
      {error ? <Failed error={error} /> : null}
      {isLoading ? <Loading what="the activity" rows={10} /> : null}
      {!isLoading && shown.length > 0 ? <ActivityLines events={shown} /> : null}
      {!isLoading && !error && shown.length === 0 ? (
        <EmptyFiltered what="events that were read" clear={() => choose('all')} />
      ) : null}
      <div className="pager">
        <span>
          {shown.length.toLocaleString()} of the {events.length.toLocaleString()} newest events
        </span>
        {older ? (
          <Button kind="quiet" onClick={older} disabled={isReading}>
            {isReading ? 'Reading…' : 'Older'}
          </Button>
        ) : null}
      </div>
      <SameInCli line="distr events" />
    </>
  )
}
