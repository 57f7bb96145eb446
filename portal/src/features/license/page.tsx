// One license: what is agreed, how much of it is used, and what was refused by it.
import { useParams } from '@tanstack/react-router'
import { graphql } from '../../gql'
import type { AuditKind, LicensePageQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { LicenseBadge } from '../../ui/state'
import { type Column, Table } from '../../ui/table'
import { Through, Time } from '../../ui/time'
import { Actor, useMemberNames } from '../member/actor'
import { Life } from '../moment/life'
import { EventButtons } from '../proof/buttons'
import { useMay, useWhoIsThere } from '../session/viewer'
import { Seats } from './list'
import { WORDS } from './words'

const LICENSE = graphql(`
  query LicensePage($customer: Name!, $name: Name!, $asOf: Moment) {
    license(customer: $customer, name: $name, asOf: $asOf) {
      ...LicenseRow
      audit(first: 200, newestFirst: true) { nodes { position at kind actor subject reason } pageInfo { hasNextPage } }
    }
  }
`)

type License = LicensePageQuery['license']
type Entry = License['audit']['nodes'][number]

const REFUSALS: AuditKind[] = ['PULL_REFUSED', 'DEPLOY_REFUSED', 'REVOKED', 'SUSPENDED']

export function LicensePage() {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const params = useParams({ strict: false })
  const [customer, name] = [params.customer ?? viewer.customer?.name ?? '', params.license ?? '']
  const { data, error, isLoading, again } = useLive(LICENSE, { customer, name })
  const license = data?.license
  const crumbs = (
    <>
      <To place={places.licenses}>Licenses</To>
      {places.customer ? (
        <>
          {' / '}
          <To place={places.customer(customer)}>{license?.customer.displayName ?? customer}</To>
        </>
      ) : null}
    </>
  )
  return (
    <Page
      title={name}
      section="Licenses"
      crumbs={crumbs}
      aside={license ? <LicenseBadge status={license.status} /> : null}
    >
      <Life key={`${customer} ${name}`} of="license" customer={customer} name={name} />
      {error && !license ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the license" /> : null}
      {license ? <Detail license={license} /> : null}
    </Page>
  )
}

function Detail({ license }: { license: License }) {
  const places = usePlaces()
  const { application, versions, channels, features, notBefore, expiresAt } = license
  const list = (names: string[], none: string) => (names.length > 0 ? names.join(', ') : none)
  return (
    <>
      {license.reason ? <p className="note is-error">{license.reason}</p> : null}
      <Facts>
        <Fact name="Application">
          <To place={places.application?.(application.name)}>{application.displayName}</To>
        </Fact>
        <Fact name="Versions">{list(versions, 'all')}</Fact>
        <Fact name="Channels">{list(channels, 'bound to none')}</Fact>
        <Fact name="Features">{list(features, 'none')}</Fact>
        <Fact name="Seats">
          <Seats license={license} />
        </Fact>
        <Fact name="In force">
          {notBefore ? (
            <>
              from <Time at={notBefore} />{' '}
            </>
          ) : null}
          {expiresAt ? <Through end={expiresAt} /> : 'without end'}
        </Fact>
      </Facts>
      <Panel
        title="What happened by it"
        aside={license.audit.pageInfo.hasNextPage ? <span className="muted">the newest 200 entries</span> : null}
      >
        <Audit entries={license.audit.nodes} />
      </Panel>
      <SameInCli line={commandLine('distr', 'license', 'audit', '--customer', license.customer.name)} looksBack />
    </>
  )
}

export function Audit({ entries }: { entries: Entry[] }) {
  const names = useMemberNames()
  const readsLog = useMay('READ_LOG')
  const columns: Column<Entry>[] = [
    { name: 'When', width: 'time', cell: ({ at }) => <Time at={at} /> },
    {
      name: 'What',
      cell: ({ kind }) => <span className={REFUSALS.includes(kind) ? 'refused-word' : undefined}>{WORDS[kind]}</span>,
    },
    { name: 'Of', isText: true, isBlank: ({ subject }) => !subject, cell: ({ subject }) => subject ?? '' },
    { name: 'Why', isText: true, isBlank: ({ reason }) => !reason, cell: ({ reason }) => reason ?? '' },
    { name: 'By', isText: true, cell: ({ actor }) => <Actor actor={actor} names={names} /> },
  ]
  const evidence: Column<Entry> = {
    name: 'Evidence',
    cell: ({ position, kind }) => <EventButtons position={position} of={`${WORDS[kind]} at position ${position}`} />,
  }
  return (
    <Table
      label="Audit"
      columns={readsLog ? [...columns, evidence] : columns}
      rows={entries}
      keyOf={entry => `${entry.position} ${entry.kind}`}
    />
  )
}
