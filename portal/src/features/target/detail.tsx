// How one target is: its facts, what runs there, and when it reported.
import { lazy, Suspense } from 'react'
import { graphql } from '../../gql'
import type { TargetDetailFragment } from '../../gql/graphql'
import { useMoment } from '../../live/moment'
import { Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { Fact, Facts, Panel } from '../../ui/page'
import { Empty, Unknown } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { Time } from '../../ui/time'
import { DeploymentCard } from '../deployment/card'
import { TargetLabels } from './labels'
import { Reports } from './reports'
import { Roles } from './roles'

const TargetHolds = lazy(() => import('../rollout/target-holds'))

export const TARGET_DETAIL = graphql(`
  fragment TargetDetail on Target {
    ...TargetRow
    runtime namespaces retiredAt enrolmentExpiresAt
    labels { key value } customerLabels { key value }
    deployments { id generation channel licenseId health createdAt namespace values config { key value } }
    lastReport { at receivedAt clockOffsetSeconds boot sequence reports missing error { category text } }
    heartbeats(first: 24) { nodes { hour reports missing } }
  }
`)

export type TargetDetail = TargetDetailFragment

export function Detail({ target, deploy }: { target: TargetDetail; deploy: (() => void) | undefined }) {
  const moment = useMoment()
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
      <TargetLabels target={target} />
      {moment === undefined && !target.retiredAt ? (
        <Suspense>
          <TargetHolds customer={target.customer.name} name={target.name} />
        </Suspense>
      ) : null}
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
      {target.runtime === 'KUBERNETES' && !target.retiredAt && moment === undefined ? <Roles target={target} /> : null}
      <Panel title="Reports by hour">
        <Reports hours={target.heartbeats.nodes} since={target.enrolledAt ?? target.createdAt} />
      </Panel>
      <SameInCli line={line} looksBack />
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
      <Fact name="Runtime">{target.runtime === 'DOCKER' ? 'Docker' : 'Kubernetes'}</Fact>
      {target.runtime === 'KUBERNETES' ? <Fact name="Namespaces">{target.namespaces.join(', ')}</Fact> : null}
    </Facts>
  )
}
