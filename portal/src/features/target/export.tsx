// The list as a file: all targets that fit the filters, page by page as the hub hands them out, with the states of then: of now, or of the moment that is looked at.
import { Download } from 'lucide-react'
import { useState } from 'react'
import { type CombinedError, type OperationResult, useClient } from 'urql'
import type { SortOrder, TargetFilter, TargetSort, TargetsQuery, TargetsQueryVariables } from '../../gql/graphql'
import { hubNow } from '../../live/clock'
import { useMoment } from '../../live/moment'
import { Button } from '../../ui/button'
import { csv } from '../../ui/csv'
import { RefusalNote } from '../../ui/dialog'
import { download } from '../../ui/download'
import { wordOf } from '../../ui/state'
import { useWhoIsThere } from '../session/viewer'
import { type Row, TARGETS } from './queries'

const PAGE = 500
const HEAD = ['target', 'customer', 'state', 'application', 'running', 'wanted', 'phase', 'error', 'agent', 'heard']

/** A line for each deployment; a target without one has a line of its own. */
export function linesOf(target: Row): string[][] {
  const { name, customer, state, agentVersion, lastHeartbeatAt, deployments } = target
  const of = [name, customer.name, wordOf(state)]
  const last = [agentVersion ?? '', lastHeartbeatAt ?? '']
  if (deployments.length === 0) return [[...of, '', '', '', '', '', ...last]]
  return deployments.map(({ application, runningVersion, desiredVersion, phase, error }) => [
    ...of,
    application.name,
    runningVersion ?? '',
    desiredVersion,
    phase.toLowerCase(),
    error?.text ?? '',
    ...last,
  ])
}

type Props = { customer: string | null; filter: TargetFilter | null; sort: TargetSort; order: SortOrder }

export function ExportButton({ customer, filter, sort, order }: Props) {
  const client = useClient()
  const moment = useMoment()
  const { viewer } = useWhoIsThere()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CombinedError>()
  const read = async () => {
    const lines = [HEAD]
    let after: string | null = null
    for (;;) {
      const variables: TargetsQueryVariables = { customer, filter, sort, order, first: PAGE, after }
      const answer: OperationResult<TargetsQuery> = await client
        .query(TARGETS, variables, { requestPolicy: 'network-only' })
        .toPromise()
      if (!answer.data) return setError(answer.error)
      const { nodes, pageInfo } = answer.data.targets
      lines.push(...nodes.flatMap(linesOf))
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor ?? null
    }
    const at = moment ?? `${new Date(hubNow()).toISOString().slice(0, 17)}Z`
    download(`targets-${viewer.organization.name}-${at.replace(/[^\w+-]/g, '')}.csv`, csv(lines), 'text/csv')
  }
  const save = async () => {
    setBusy(true)
    setError(undefined)
    await read()
    setBusy(false)
  }
  return (
    <>
      <RefusalNote error={error} />
      <Button onClick={() => void save()} disabled={isBusy}>
        <Download size={14} aria-hidden="true" /> {isBusy ? 'Reading…' : 'CSV'}
      </Button>
    </>
  )
}
