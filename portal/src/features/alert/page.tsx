// What needs a person, with the reason, until it is settled or put off.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { useLive } from '../../live/use-live'
import { useNowAndThen } from '../../live/use-now-and-then'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Page } from '../../ui/page'
import { Failed, Loading, Unknown } from '../../ui/page-states'
import { State } from '../../ui/state'
import { type Column, Pager, Table } from '../../ui/table'
import { Through, Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { useMay } from '../session/viewer'
import { PutOffDialog, TakeUp } from './put-off'
import { ALERTS, type Alert } from './queries'
import { KINDS } from './words'

const PAGE = 100
type Shown = { is?: 'put-off' }

export const readAlerts = (search: Record<string, unknown>): Shown => (search.is === 'put-off' ? { is: 'put-off' } : {})

/** In words, for whoever hears it. */
function aboutOf({ customerDisplayName, customer, target, application, license, token }: Alert): string {
  return [customerDisplayName ?? customer, target, application, license, token].filter(Boolean).join(' / ')
}

export function AlertsPage() {
  const { is } = useSearch({ from: '/v/$organization/alerts' })
  const isPutOff = is === 'put-off'
  const navigate = useNavigate({ from: '/v/$organization/alerts' })
  const [after, setAfter] = useState<{ cursor: string | null; from: number }>({ cursor: null, from: 0 })
  const [asked, setAsked] = useState<Alert>()
  const { data, error, isLoading, again, quietly } = useLive(ALERTS, {
    putOff: isPutOff,
    first: PAGE,
    after: after.cursor,
  })
  useNowAndThen(quietly)
  const page = data?.alerts
  const choose = (is?: 'put-off') => {
    setAfter({ cursor: null, from: 0 })
    void navigate({ search: is ? { is } : {} })
  }
  return (
    <Page title="Alerts">
      <div className="filters">
        <div className="facet" role="group" aria-label="Which">
          <button type="button" className="facet-value" aria-pressed={!isPutOff} onClick={() => choose()}>
            Need somebody
          </button>
          <button type="button" className="facet-value" aria-pressed={isPutOff} onClick={() => choose('put-off')}>
            Put off
          </button>
        </div>
      </div>
      {error && !page ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the alerts" /> : null}
      {page?.nodes.length === 0 ? <None isPutOff={isPutOff} /> : null}
      {page && page.nodes.length > 0 ? (
        <>
          <AlertTable alerts={page.nodes} isPutOff={isPutOff} putOff={setAsked} done={again} />
          <Pager
            from={after.from}
            shown={page.nodes.length}
            total={undefined}
            hasNext={page.pageInfo.hasNextPage}
            next={() => setAfter({ cursor: page.pageInfo.endCursor ?? null, from: after.from + page.nodes.length })}
            first={() => setAfter({ cursor: null, from: 0 })}
          />
        </>
      ) : null}
      <SameInCli line={isPutOff ? 'distr alerts list --put-off' : 'distr alerts list'} />
      {asked ? (
        <PutOffDialog alert={asked} about={aboutOf(asked)} close={() => setAsked(undefined)} done={again} />
      ) : null}
    </Page>
  )
}

function None({ isPutOff }: { isPutOff: boolean }) {
  if (isPutOff) return <p className="muted">Nothing is put off.</p>
  return (
    <p className="all-well">
      <CircleCheck size={16} aria-hidden="true" /> Nothing needs anybody: no deployment failed, is held or flaps, no
      target is silent, no license is used up or ends within 30 days, and no token ends within 14.
    </p>
  )
}

function AlertTable({
  alerts,
  isPutOff,
  putOff,
  done,
}: {
  alerts: Alert[]
  isPutOff: boolean
  putOff: (alert: Alert) => void
  done: () => void
}) {
  const names = useMemberNames()
  const mayPutOff = useMay('MANAGE_CUSTOMERS')
  const columns: Column<Alert>[] = [
    {
      name: 'What',
      cell: ({ kind }) => <State shape={KINDS[kind][0]} word={KINDS[kind][1]} />,
    },
    { name: 'Where', width: 'where', cell: alert => <Where of={alert} /> },
    {
      name: 'Why',
      width: 'wide',
      isBlank: ({ reason, category }) => !reason && !category,
      cell: ({ reason, category }) => (
        <span className="reason">
          {category ? <span className="muted">{category.toLowerCase()}: </span> : null}
          {reason}
        </span>
      ),
    },
    { name: 'When', cell: alert => <When of={alert} /> },
    ...(isPutOff
      ? [
          {
            name: 'Put off',
            cell: ({ putOff }: Alert) =>
              putOff ? (
                <span className="reason">
                  <Time at={putOff.until} /> by <Actor actor={putOff.by} names={names} />: {putOff.reason}
                </span>
              ) : null,
          },
        ]
      : []),
    ...(mayPutOff
      ? [
          {
            name: 'Action',
            cell: (alert: Alert) =>
              isPutOff ? (
                <TakeUp alert={alert} about={aboutOf(alert)} done={done} />
              ) : (
                <Button
                  onClick={() => putOff(alert)}
                  aria-label={`Put off: ${KINDS[alert.kind][1]}, ${aboutOf(alert)}`}
                >
                  Put off…
                </Button>
              ),
          },
        ]
      : []),
  ]
  return (
    <>
      <Table label="Alerts" columns={columns} rows={alerts} keyOf={({ id }) => id} />
      {mayPutOff ? null : <p className="muted">Owners and support can put alerts off.</p>}
    </>
  )
}

function Where({ of: { customer, customerDisplayName, target, application, license, token } }: { of: Alert }) {
  const places = usePlaces()
  if (token) return <To place={`${places.root}/tokens`}>{token}</To>
  const name = target ?? license
  const place = customer && (target ? places.target(customer, target) : license && places.license(customer, license))
  return (
    <span>
      {name && place ? (
        <To className="name" place={place}>
          {name}
        </To>
      ) : null}
      <span className="muted">
        {' '}
        {customerDisplayName}
        {application ? ` · ${application}` : ''}
      </span>
    </span>
  )
}

function When({ of: { kind, since, dueAt } }: { of: Alert }) {
  if (dueAt) return kind === 'LICENSE_ENDS' ? <Through end={dueAt} /> : <Time at={dueAt} />
  if (since) return <Time at={since} />
  return <Unknown why="since when is not known" />
}
