// Home: what needs doing, how the targets are, what is agreed, and what is new.
import { ArrowUp, CircleCheck, Plus } from 'lucide-react'
import { useQuery } from 'urql'
import { LicenseTable } from '../features/license/list'
import { useMay, useWhoIsThere } from '../features/session/viewer'
import { useOverdue, useStateOf } from '../features/target/state-now'
import { useFleetNews } from '../features/target/use-fleet-news'
import { graphql } from '../gql'
import type { CustomerHomeQuery, LicenseRowFragment } from '../gql/graphql'
import { hubNow } from '../live/clock'
import { useMoment } from '../live/moment'
import { useLive } from '../live/use-live'
import { To, usePlaces } from '../shell/places'
import { Allowed } from '../ui/button'
import { Page, Panel } from '../ui/page'
import { Empty, Failed, Loading } from '../ui/page-states'
import { Prose } from '../ui/prose'
import { STATES, StateIcon, shapeOf, wordOf } from '../ui/state'
import { Through } from '../ui/time'
import { belowOf } from './below'
import { BelowLines } from './below-lines'
import { BRANDING } from './branding'
import { News } from './news'
import { OFFERS, type Offered, updateOf } from './offers'
import { CustomerTargets } from './targets'

const HOME = graphql(`
  query CustomerHome($asOf: Moment) {
    targets(first: 100, asOf: $asOf) { nodes { ...TargetRow } pageInfo { hasNextPage } }
    targetCounts(asOf: $asOf) { total ok progressing held failed stale offline unknown }
    licenses(first: 100, asOf: $asOf) { nodes { ...LicenseRow } }
  }
`)

type Row = CustomerHomeQuery['targets']['nodes'][number]
const SHOWN = 20

export function HomePage() {
  const { viewer } = useWhoIsThere()
  const { root } = usePlaces()
  const mayManage = useMay('MANAGE_TARGETS')
  const home = useLive(HOME, {})
  const isPast = useMoment() !== undefined
  // what is offered is a matter of now
  const offers = useLive(OFFERS, {}, isPast)
  useFleetNews(undefined, home.quietly)
  useOverdue(home.data?.targets.nodes, home.quietly)
  const applications = offers.data?.applications.nodes
  const { targets, licenses } = home.data ?? {}
  const install = (
    <Allowed may={mayManage} needs="the role admin">
      <To className="button is-primary" place={`${root}/install`}>
        <Plus size={15} aria-hidden="true" /> Install on a machine…
      </To>
    </Allowed>
  )
  return (
    <Page
      title={viewer.customer?.displayName ?? viewer.organization.displayName}
      section="Home"
      aside={<span className="total">with {viewer.organization.displayName}</span>}
      actions={targets && targets.nodes.length > 0 ? install : null}
    >
      {home.error && !home.data ? <Failed error={home.error} again={home.again} /> : null}
      {home.isLoading ? <Loading what="how things are" /> : null}
      {targets && licenses && !isPast ? (
        <NeedsYou targets={targets.nodes} licenses={licenses.nodes} applications={applications} />
      ) : null}
      {targets && targets.nodes.length === 0 ? (
        <Empty title="Nothing is installed yet" action={install}>
          A target is a machine of yours. Its agent installs what your license opens, and tells you here how it is.
        </Empty>
      ) : null}
      {home.data && targets && targets.nodes.length > 0 ? (
        <Panel title="Targets" aside={<Counts counts={home.data.targetCounts} />}>
          <CustomerTargets rows={targets.nodes.slice(0, SHOWN)} applications={applications} />
          {home.data.targetCounts.total > SHOWN ? (
            <p>
              <To place={`${root}/targets`}>All {home.data.targetCounts.total.toLocaleString()} targets</To>
            </p>
          ) : null}
        </Panel>
      ) : null}
      {licenses ? (
        <Panel title="Licenses">
          {licenses.nodes.length === 0 ? (
            <p className="muted">{viewer.organization.displayName} has not issued a license to you.</p>
          ) : (
            <LicenseTable licenses={licenses.nodes} />
          )}
        </Panel>
      ) : null}
      {offers.error && !offers.data ? <Failed error={offers.error} again={offers.again} /> : null}
      {offers.isLoading && !isPast ? <Loading what="what is offered" rows={2} /> : null}
      {isPast ? null : <News applications={applications ?? []} />}
      <VendorsWords />
    </Page>
  )
}

/** Never above what needs doing. */
function VendorsWords() {
  const { displayName } = useWhoIsThere().viewer.organization
  const [{ data }] = useQuery({ query: BRANDING })
  const text = data?.organization.branding.homeText
  if (!text) return null
  return (
    <Panel title={`From ${displayName}`}>
      <Prose text={text} />
    </Panel>
  )
}

function Counts({ counts }: { counts: CustomerHomeQuery['targetCounts'] }) {
  return (
    <span className="tags">
      {STATES.map(state => [state, counts[state.toLowerCase() as keyof typeof counts]] as const)
        .filter(([, count]) => Number(count) > 0)
        .map(([state, count]) => (
          <span key={state} className={`state is-${shapeOf(state)}`}>
            <StateIcon shape={shapeOf(state)} /> {count} {wordOf(state)}
          </span>
        ))}
    </span>
  )
}

type NeedsProps = { targets: Row[]; licenses: LicenseRowFragment[]; applications: Offered[] | undefined }

/** What failed, what is held, what is below a required release, what can be updated, what ends soon: each with the way to it. */
function NeedsYou({ targets, licenses, applications }: NeedsProps) {
  const places = usePlaces()
  const stateOf = useStateOf()
  const troubled = targets.filter(target => ['FAILED', 'HELD', 'OFFLINE'].includes(stateOf(target)))
  const offered = applications?.map(application => updatesOf(application, targets)) ?? []
  const updates = offered.filter(one => one !== undefined)
  const below = belowOf(targets)
  const ending = licenses.filter(needsWord)
  if (troubled.length + below.length + updates.length + ending.length === 0) {
    return targets.length > 0 && applications ? (
      <p className="all-well">
        <CircleCheck size={16} aria-hidden="true" /> Everything runs, and is up to date.
      </p>
    ) : null
  }
  return (
    <Panel title="Needs you">
      <ul className="lines">
        {troubled.map(target => (
          <li key={target.id}>
            <span className={`state is-${shapeOf(stateOf(target))}`}>
              <StateIcon shape={shapeOf(stateOf(target))} /> {wordOf(stateOf(target))}
            </span>{' '}
            <To place={places.target(target.customer.name, target.name)}>{target.name}</To>
            <span className="muted"> · {whyOf(target)}</span>
          </li>
        ))}
        <BelowLines below={below} applications={applications} />
        {updates.map(({ application, version, behind }) => (
          <li key={application.id}>
            <span className="state is-progressing">
              <ArrowUp size={14} aria-hidden="true" /> update
            </span>{' '}
            <To place={places.release?.(application.name, version)}>
              {application.displayName} {version}
            </To>{' '}
            is out
            <span className="muted">
              {' '}
              · {behind} of your targets {behind === 1 ? 'runs' : 'run'} an older one
            </span>
          </li>
        ))}
        {ending.map(license => (
          <li key={license.id}>
            <To place={places.license(license.customer.name, license.name)}>{license.name}</To> {wordsOf(license)}
            {license.expiresAt && license.status === 'ACTIVE' ? <Through end={license.expiresAt} /> : null}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function whyOf(target: Row): string {
  const wrong = target.deployments.find(({ error }) => error)
  return wrong?.error ? wrong.error.text : 'see what it reported last'
}

function updatesOf(application: Offered, targets: Row[]) {
  const behind = targets
    .flatMap(target => target.deployments)
    .filter(({ application: { id }, phase }) => id === application.id && phase !== 'REMOVED' && phase !== 'REMOVING')
    .map(({ desiredVersion }) => updateOf(application, desiredVersion))
    .filter(update => update !== undefined)
  const [update] = behind
  return update && { application, version: update.version, behind: behind.length }
}

const SOON = 60 * 24 * 3_600_000

function isEnding({ status, expiresAt }: LicenseRowFragment): boolean {
  return status === 'ACTIVE' && Boolean(expiresAt) && Date.parse(expiresAt ?? '') - hubNow() < SOON
}

function isFull({ status, seats, seatsTaken }: LicenseRowFragment): boolean {
  return status === 'ACTIVE' && typeof seats === 'number' && seatsTaken >= seats
}

function needsWord(license: LicenseRowFragment): boolean {
  return isEnding(license) || isFull(license) || license.status === 'SUSPENDED' || license.status === 'EXPIRED'
}

function wordsOf(license: LicenseRowFragment): string {
  if (license.status === 'SUSPENDED') return 'is suspended'
  if (license.status === 'EXPIRED') return 'has ended'
  return isFull(license) ? 'has no free seat ' : 'is in force '
}
