// Is all well, and what needs somebody.
import { Link, useParams } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { graphql } from '../../gql'
import type { TargetState } from '../../gql/graphql'
import { hubNow } from '../../live/clock'
import { useMoment } from '../../live/moment'
import { useLive } from '../../live/use-live'
import { Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { MEANINGS, STATES, StateIcon, shapeOf, wordOf } from '../../ui/state'
import { Through, Time } from '../../ui/time'
import { ActivityLines } from '../activity/lines'
import { useNewest } from '../activity/use-newest'
import { ChannelPointers } from '../application/channels'
import { useMay, useWhoIsThere } from '../session/viewer'
import { StartPage } from '../start/page'
import { COUNTS, countOf, TARGETS } from '../target/queries'
import { FleetTable } from '../target/table'
import { useFleetNews } from '../target/use-fleet-news'

const LICENSES = graphql(`
  query OverviewLicenses($asOf: Moment) {
    licenses(first: 500, asOf: $asOf) {
      nodes { id name status expiresAt seats seatsTaken customer { id name displayName } application { id name displayName } }
      pageInfo { hasNextPage }
    }
  }
`)

export const APPLICATIONS = graphql(`
  query Applications($first: Int!, $after: String, $asOf: Moment) {
    applications(first: $first, after: $after, asOf: $asOf) {
      nodes {
        id name displayName description category icon { digest path bytes }
        channels { id name current }
        releases(first: 1) { nodes { id version status publishedAt createdAt } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const TROUBLE: TargetState[] = ['FAILED', 'HELD']
const MOST = 6
const SOON = 30 * 24 * 3_600_000

/** Before the first target there is nothing to look over. */
export function OverviewPage() {
  const counted = useLive(COUNTS, { customer: null, filter: null })
  const [mayPublish, mayManage] = [useMay('PUBLISH'), useMay('MANAGE_TARGETS')]
  const isNew = counted.data?.targetCounts.total === 0 && (mayPublish || mayManage)
  return isNew ? <StartPage /> : <Overview />
}

function Overview() {
  const { viewer } = useWhoIsThere()
  const readsLog = useMay('READ_LOG')
  const counted = useLive(COUNTS, { customer: null, filter: null })
  const trouble = useLive(TARGETS, {
    customer: null,
    filter: { states: TROUBLE },
    sort: 'NAME',
    order: 'ASCENDING',
    first: MOST,
    after: null,
  })
  const licenses = useLive(LICENSES, {})
  useFleetNews(undefined, () => {
    counted.quietly()
    trouble.quietly()
  })
  const counts = counted.data?.targetCounts
  const moment = useMoment()
  // what ends soon is a matter of now
  const ending = moment === undefined ? (licenses.data?.licenses.nodes ?? []).filter(isEnding) : []
  // of a list that goes on nobody knows whether all is well
  const areAll = licenses.data?.licenses.pageInfo.hasNextPage === false
  const isWell = trouble.data?.targets.nodes.length === 0 && areAll && ending.length === 0
  return (
    <Page
      title="Overview"
      aside={<span className="total">{viewer.customer?.displayName ?? viewer.organization.displayName}</span>}
    >
      {counted.error && !counts ? <Failed error={counted.error} again={counted.again} /> : null}
      {counts?.total === 0 ? (
        <Empty
          title="No targets yet"
          line={commandLine('distr', 'target', 'create', 'factory', '--customer', 'globex')}
        >
          Once a customer's machine is registered and its agent installed, you see here how it is.
        </Empty>
      ) : (
        <Tiles counts={counts} />
      )}
      <Panel title={moment === undefined ? 'Needs somebody' : 'Needed somebody'} aside={<AllAlerts />}>
        {trouble.error && !trouble.data ? <Failed error={trouble.error} again={trouble.again} /> : null}
        {trouble.isLoading ? <Loading what="what needs somebody" rows={2} /> : null}
        {trouble.data && trouble.data.targets.nodes.length > 0 ? (
          <>
            <FleetTable rows={trouble.data.targets.nodes} states={TROUBLE} />
            <More shown={trouble.data.targets.nodes.length} counts={counts} />
          </>
        ) : null}
        {ending.length > 0 ? (
          <Ending licenses={ending} isPart={licenses.data?.licenses.pageInfo.hasNextPage ?? false} />
        ) : null}
        {isWell ? (
          <p className="all-well">
            <CircleCheck size={16} aria-hidden="true" /> Nothing failed or held
            {moment === undefined ? ', and no license ends within 30 days' : ''}.
          </p>
        ) : null}
      </Panel>
      <Shipped />
      {readsLog ? <Latest key={moment} /> : null}
    </Page>
  )
}

function Tiles({ counts }: { counts: Parameters<typeof countOf>[0] | undefined }) {
  const { organization = '' } = useParams({ strict: false })
  return (
    <ul className="tiles" aria-label="Targets by state">
      {STATES.map(state => {
        const count = counts ? countOf(counts, state) : undefined
        return (
          <li key={state}>
            <Link
              className={count === 0 ? 'tile is-none' : `tile is-${shapeOf(state)}`}
              to="/v/$organization/targets"
              params={{ organization }}
              search={{ state: [state] }}
              title={MEANINGS[state]}
            >
              <span className="tile-count">{count === undefined ? '·' : count.toLocaleString()}</span>
              <span className="tile-word">
                <StateIcon shape={shapeOf(state)} /> {wordOf(state)}
              </span>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

function AllAlerts() {
  const { organization = '' } = useParams({ strict: false })
  return (
    <Link to="/v/$organization/alerts" params={{ organization }}>
      All alerts
    </Link>
  )
}

function More({ shown, counts }: { shown: number; counts: Parameters<typeof countOf>[0] | undefined }) {
  const { organization = '' } = useParams({ strict: false })
  if (!counts) return null
  const all = TROUBLE.reduce((sum, state) => sum + countOf(counts, state), 0)
  if (all <= shown) return null
  return (
    <p>
      <Link to="/v/$organization/targets" params={{ organization }} search={{ state: TROUBLE }}>
        All {all.toLocaleString()} that failed or are held
      </Link>
    </p>
  )
}

type License = {
  id: string
  name: string
  status: string
  expiresAt?: string | null | undefined
  customer: { name: string; displayName: string }
  application: { displayName: string }
}

function isEnding(license: License): boolean {
  return (
    license.status === 'ACTIVE' && Boolean(license.expiresAt) && Date.parse(license.expiresAt ?? '') - hubNow() < SOON
  )
}

function Ending({ licenses, isPart }: { licenses: License[]; isPart: boolean }) {
  const { organization = '' } = useParams({ strict: false })
  return (
    <ul className="lines" aria-label="Licenses that end within 30 days">
      {licenses.map(({ id, name, expiresAt, customer, application }) => (
        <li key={id}>
          <Link
            to="/v/$organization/licenses/$customer/$license"
            params={{ organization, customer: customer.name, license: name }}
          >
            {name}
          </Link>{' '}
          of {customer.displayName} for {application.displayName} ends: {expiresAt ? <Through end={expiresAt} /> : null}
        </li>
      ))}
      {isPart ? <li className="muted">Of the first 500 licenses; there are more.</li> : null}
    </ul>
  )
}

function Shipped() {
  const { organization = '' } = useParams({ strict: false })
  const { data, error, isLoading, again } = useLive(APPLICATIONS, { first: MOST, after: null })
  return (
    <Panel title="Applications">
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the applications" rows={3} /> : null}
      {data?.applications.nodes.length === 0 ? (
        <Empty title="No applications yet" line={commandLine('distr', 'apply', '-f', 'distr.yaml')}>
          An application is a product of yours, with its releases and channels.
        </Empty>
      ) : null}
      <ul className="lines">
        {data?.applications.nodes.map(({ id, name, displayName, channels, releases }) => (
          <li key={id} className="shipped">
            <Link className="name" to="/v/$organization/apps/$application" params={{ organization, application: name }}>
              {displayName}
            </Link>
            <span className="muted">
              {releases.nodes[0] ? (
                <>
                  newest {releases.nodes[0].version},{' '}
                  <Time at={releases.nodes[0].publishedAt ?? releases.nodes[0].createdAt} />
                </>
              ) : (
                'no release yet'
              )}
            </span>
            <ChannelPointers channels={channels} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Latest() {
  const { organization = '' } = useParams({ strict: false })
  const { events, error, isLoading } = useNewest(8)
  return (
    <Panel
      title="Latest activity"
      aside={
        <Link to="/v/$organization/activity" params={{ organization }}>
          All activity
        </Link>
      }
    >
      {error ? <Failed error={error} /> : null}
      {isLoading ? <Loading what="the activity" rows={4} /> : <ActivityLines events={events} />}
    </Panel>
  )
}
