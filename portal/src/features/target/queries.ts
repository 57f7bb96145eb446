import { graphql } from '../../gql'
import type { TargetRowFragment, TargetState } from '../../gql/graphql'

export const TARGET_ROW = graphql(`
  fragment TargetRow on Target {
    id name state stateUntil stateThen lastHeartbeatAt agentVersion createdAt enrolledAt
    customer { id name displayName }
    deployments {
      id phase step desiredVersion runningVersion removal drift isFlapping changedAt
      error { category text }
      release { id version status reason deprecatedOn required outdatedBy { version reason } }
      application { id name displayName }
    }
  }
`)

export const TARGETS = graphql(`
  query Targets(
    $customer: Name, $filter: TargetFilter, $sort: TargetSort!, $order: SortOrder!, $first: Int!, $after: String,
    $asOf: Moment
  ) {
    targets(
      customer: $customer, filter: $filter, sort: $sort, order: $order, first: $first, after: $after, asOf: $asOf
    ) {
      nodes { ...TargetRow }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const COUNTS = graphql(`
  query Counts($customer: Name, $filter: TargetFilter, $asOf: Moment) {
    targetCounts(customer: $customer, filter: $filter, asOf: $asOf) { total ok progressing held failed stale offline unknown }
  }
`)

export const TARGET_NEWS = graphql(`
  subscription TargetNews($customer: Name) {
    targetChanged(customer: $customer) { ...TargetRow }
  }
`)

export type Row = TargetRowFragment
type Counts = Record<'ok' | 'progressing' | 'held' | 'failed' | 'stale' | 'offline' | 'unknown' | 'total', number>

export function countOf(counts: Counts, state: TargetState): number {
  return counts[state.toLowerCase() as keyof Counts]
}

export function totalOf(counts: Counts, states: TargetState[] | undefined): number {
  return states ? states.reduce((sum, state) => sum + countOf(counts, state), 0) : counts.total
}
