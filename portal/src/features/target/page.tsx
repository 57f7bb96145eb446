// One target: how it is, what runs there, and why.
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useSubscription } from 'urql'
import { graphql } from '../../gql'
import type { TargetDetailFragment } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Page, Panel } from '../../ui/page'
import { Empty, Failed, Loading, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { MEANINGS, TargetStateBadge } from '../../ui/state'
import { Time } from '../../ui/time'
import { DeploymentCard } from '../deployment/card'
import { DeployDialog } from '../deployment/deploy'
import { useMay } from '../session/viewer'
import { EnrolAgain, RetireDialog } from './lifecycle'
import { Reports } from './reports'
import { useOverdue, useStateOf } from './state-now'

export const TARGET_DETAIL = graphql(`
  fragment TargetDetail on Target {
    ...TargetRow
    runtime retiredAt enrolmentExpiresAt
    deployments { id generation removal licenseId health createdAt config { key value } }
    lastReport { at receivedAt clockOffsetSeconds boot sequence reports missing error { category text } }
    heartbeats(first: 24) { nodes { hour reports missing } }
  }
`)

const TARGET = graphql(`
  query TargetPage($customer: Name!, $name: Name!) {
    target(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

const NEWS = graphql(`
  subscription TargetPageNews($customer: Name!, $name: Name!) {
    targetChanged(customer: $customer, name: $name) { ...TargetDetail }
  }
`)

export type TargetDetail = TargetDetailFragment

export function TargetPage() {
  const { organization, customer, target: name } = useParams({ from: '/v/$organization/targets/$customer/$target' })
  const { data, error, isLoading, again, quietly } = useLive(TARGET, { customer, name })
  useOverdue(data && [data.target], quietly)
  useSubscription({ query: NEWS, variables: { customer, name } })
  const [dialog, setDialog] = useState<'deploy' | 'retire' | 'enrol'>()
  const mayDeploy = useMay('DEPLOY')
  const mayManage = useMay('MANAGE_TARGETS')
  const stateOf = useStateOf()
  const target = data?.target
  const close = () => setDialog(undefined)
  const crumbs = (
    <>
      <Link to="/v/$organization/targets" params={{ organization }}>
        Targets
      </Link>
      {' / '}
      <Link to="/v/$organization/customers/$customer" params={{ organization, customer }}>
        {target?.customer.displayName ?? customer}
      </Link>
    </>
  )
  const actions = target && !target.retiredAt && (
    <>
      <Allowed may={mayManage} needs="the right to manage targets">
        <Button kind="quiet" onClick={() => setDialog('enrol')}>
          Enrol again…
        </Button>
        <Button kind="quiet" onClick={() => setDialog('retire')}>
          Retire…
        </Button>
      </Allowed>
      <Allowed may={mayDeploy} needs="the right to deploy">
        <Button kind="primary" onClick={() => setDialog('deploy')}>
          Deploy…
        </Button>
      </Allowed>
    </>
  )
  return (
    <Page
      title={name}
      section="Targets"
      crumbs={crumbs}
      aside={
        target ? (
          <span title={MEANINGS[stateOf(target)]}>
            <TargetStateBadge state={stateOf(target)} />
          </span>
        ) : null
      }
      actions={actions}
    >
      {error && !target ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the target" /> : null}
      {target ? (
        <Detail target={target} deploy={mayDeploy && !target.retiredAt ? () => setDialog('deploy') : undefined} />
      ) : null}
      {target && dialog === 'deploy' ? <DeployDialog target={target} close={close} /> : null}
      {target && dialog === 'retire' ? <RetireDialog target={target} close={close} /> : null}
      {target && dialog === 'enrol' ? <EnrolAgain target={target} close={close} /> : null}
    </Page>
  )
}

function Detail({ target, deploy }: { target: TargetDetail; deploy: (() => void) | undefined }) {
  const line = commandLine('distr', 'target', 'show', target.name, '--customer', target.customer.name)
  return (
    <>
      {target.retiredAt ? (
        <p className="note">
          Retired <Time at={target.retiredAt} />. The agent is locked out; what ran there may run on.
        </p>
      ) : null}
      {target.lastReport?.error ? (
        <p className="note is-error">
          The agent says: {target.lastReport.error.text} <code>{target.lastReport.error.category.toLowerCase()}</code>
        </p>
      ) : null}
      <TargetFacts target={target} />
      {target.deployments.length === 0 ? (
        <Empty
          title="Nothing is deployed here"
          action={deploy ? <Button onClick={deploy}>Deploy…</Button> : null}
          line={commandLine(
            'distr',
            'deploy',
            '--customer',
            target.customer.name,
            '--target',
            target.name,
            '--app',
            'hello',
            '--channel',
            'stable',
          )}
        >
          A deployment is one application on this machine. The agent proves a release healthy before the one before it
          goes.
        </Empty>
      ) : (
        target.deployments.map(deployment => (
          <DeploymentCard key={deployment.id} deployment={deployment} target={target} />
        ))
      )}
      <Panel title="Reports by hour">
        <Reports hours={target.heartbeats.nodes} since={target.enrolledAt ?? target.createdAt} />
      </Panel>
      <SameInCli line={line} />
    </>
  )
}

function offsetWords(seconds: number): string {
  const rounded = Math.round(seconds * 10) / 10
  return rounded === 0 ? 'as the hub’s' : `${rounded > 0 ? '+' : ''}${rounded.toFixed(1)} s`
}

function TargetFacts({ target }: { target: TargetDetail }) {
  const report = target.lastReport
  const offset = report?.clockOffsetSeconds
  return (
    <Facts>
      <Fact name="Heard">{target.lastHeartbeatAt ? <Time at={target.lastHeartbeatAt} /> : 'not heard from yet'}</Fact>
      <Fact name="Agent">{target.agentVersion ?? <Unknown why="the agent has not reported yet" />}</Fact>
      <Fact name="Reports">
        {report ? (
          `${report.reports.toLocaleString()}, ${report.missing.toLocaleString()} missing`
        ) : (
          <Unknown why="no report yet" />
        )}
      </Fact>
      <Fact name="Clock">{typeof offset === 'number' ? offsetWords(offset) : <Unknown why="not known" />}</Fact>
      <Fact name="Enrolled">
        {target.enrolledAt ? <Time at={target.enrolledAt} /> : 'not yet'}
        {target.enrolmentExpiresAt ? (
          <span className="muted">
            {' '}
            · a token is void <Time at={target.enrolmentExpiresAt} />
          </span>
        ) : null}
      </Fact>
      <Fact name="Runtime">{target.runtime === 'DOCKER' ? 'Docker' : target.runtime}</Fact>
    </Facts>
  )
}
